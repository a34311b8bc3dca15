using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace PersonaSelection.Tests.Architecture;

/// <summary>What a built assembly really uses: the types of each room, and the libraries that are not part of .NET.</summary>
internal sealed record AssemblyUse(IReadOnlyDictionary<string, IReadOnlySet<string>> Rooms, IReadOnlySet<string> Libraries)
{
    private const string RoomPrefix = "PersonaSelection.";

    public static AssemblyUse Read(string path)
    {
        using var stream = File.OpenRead(path);
        using var image = new PEReader(stream);
        MetadataReader metadata = image.GetMetadataReader();
        var rooms = new Dictionary<string, HashSet<string>>();
        var libraries = new HashSet<string>();
        foreach (AssemblyReferenceHandle handle in metadata.AssemblyReferences)
        {
            string name = metadata.GetString(metadata.GetAssemblyReference(handle).Name);
            if (name.StartsWith(RoomPrefix, StringComparison.Ordinal))
                rooms[name[RoomPrefix.Length..]] = [];
            else if (!IsPartOfDotNet(name))
                libraries.Add(name);
        }
        foreach (TypeReferenceHandle handle in metadata.TypeReferences)
        {
            TypeReference type = metadata.GetTypeReference(handle);
            if (type.ResolutionScope.Kind != HandleKind.AssemblyReference)
                continue;
            AssemblyReference assembly = metadata.GetAssemblyReference((AssemblyReferenceHandle)type.ResolutionScope);
            string name = metadata.GetString(assembly.Name);
            if (name.StartsWith(RoomPrefix, StringComparison.Ordinal))
                rooms[name[RoomPrefix.Length..]].Add(metadata.GetString(type.Name));
        }
        return new AssemblyUse(rooms.ToDictionary(r => r.Key, r => (IReadOnlySet<string>)r.Value), libraries);
    }

    // System.CommandLine is a package although it is named like a part of .NET.
    private static bool IsPartOfDotNet(string name) =>
        name is "netstandard" or "mscorlib" || (name.StartsWith("System", StringComparison.Ordinal) && name != "System.CommandLine");
}
