using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Serialization;
using PersonaSelection.Report;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ReportTests;

/// <summary>
/// The page's script reads the JSON that the records write: its <c>types.ts</c> is made from them. UPDATE_GOLDENS=1 rewrites it.
/// </summary>
public sealed class TypeScriptContractTests
{
    [Fact]
    public void The_types_of_the_script_are_those_of_the_records()
    {
        string path = Path.Combine(Here(), "../../../src/Report/web/src/types.ts");
        string expected = Generate();
        if (Environment.GetEnvironmentVariable("UPDATE_GOLDENS") == "1") File.WriteAllText(path, expected);
        Assert.Equal(expected, File.ReadAllText(path).ReplaceLineEndings("\n"));
    }

    private static string Here([CallerFilePath] string path = "") => Path.GetDirectoryName(path)!;

    private static string Generate()
    {
        var text =
            new StringBuilder("// Made from the records of the room Report by TypeScriptContractTests (UPDATE_GOLDENS=1); do not edit.\n");
        var blocks = typeof(ReportBlock).GetCustomAttributes<JsonDerivedTypeAttribute>()
            .ToDictionary(a => a.DerivedType, a => (string)a.TypeDiscriminator!);
        var waiting = new Queue<Type>([typeof(ReportDocument)]);
        var seen = new HashSet<Type>();
        while (waiting.TryDequeue(out Type? type))
        {
            if (!seen.Add(type)) continue;
            if (type == typeof(ReportBlock))
            {
                text.Append($"\nexport type ReportBlock = {string.Join(" | ", blocks.Keys.Select(b => b.Name))};\n");
                foreach (Type block in blocks.Keys) waiting.Enqueue(block);
                continue;
            }
            if (type.IsEnum)
            {
                IEnumerable<string> names = type.GetFields(BindingFlags.Public | BindingFlags.Static)
                    .Select(f => $"'{f.GetCustomAttribute<JsonStringEnumMemberNameAttribute>()!.Name}'");
                text.Append($"\nexport type {type.Name} = {string.Join(" | ", names)};\n");
                continue;
            }
            text.Append($"\nexport interface {type.Name} {{\n");
            if (blocks.TryGetValue(type, out string? kind)) text.Append($"  kind: '{kind}';\n");
            foreach (PropertyInfo property in type.GetProperties().Where(p => p.GetCustomAttribute<JsonIgnoreAttribute>() is null))
            {
                bool optional = Nullable.GetUnderlyingType(property.PropertyType) is not null
                    || new NullabilityInfoContext().Create(property).ReadState == NullabilityState.Nullable;
                string name = char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
                string of = NameOf(property.PropertyType, waiting);
                text.Append($"  {name}: {of}{(optional && !of.EndsWith("null", StringComparison.Ordinal) ? " | null" : "")};\n");
            }
            text.Append("}\n");
        }
        return text.ToString();
    }

    private static string NameOf(Type type, Queue<Type> waiting)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string)) return "string";
        if (type == typeof(bool)) return "boolean";
        if (type == typeof(int)) return "number";
        if (type == typeof(double)) return "number | null";
        if (type.IsGenericType)
        {
            string item = NameOf(type.GetGenericArguments()[0], waiting);
            return item.Contains('|', StringComparison.Ordinal) ? $"({item})[]" : $"{item}[]";
        }
        waiting.Enqueue(type);
        return type.Name;
    }
}
