using System.Globalization;
using PersonaSelection.Corpus;
using Xunit;

namespace PersonaSelection.Tests.Rooms.CorpusTests;

/// <summary>What a caller of templates relies on: kinds of values and of errors, and limits against templates of strangers.</summary>
public sealed class JinjaTemplateTests
{
    private static readonly Dictionary<string, object?> Nothing = [];

    /// <summary>Stands still on a Saturday morning.</summary>
    internal static TimeProvider Clock { get; } = new StoppedClock();

    [Fact]
    public void Null_is_None_and_what_is_not_given_is_undefined()
    {
        JinjaTemplate template = JinjaTemplate.Parse("{{ x is defined }} {{ x is none }} {{ x }}");

        Assert.Equal("True True None", Render(template, ("x", null)));
        Assert.Equal("False False ", Render(template));
    }

    [Fact]
    public void Values_from_outside_keep_their_kind_and_their_order()
    {
        JinjaTemplate template = JinjaTemplate.Parse("{{ x }}");

        Assert.Equal("[1, 2, 1.0, True, 'a', {'b': [], 'a': None}]", Render(template, ("x",
            new object?[] { 1, 2L, 1.0, true, "a", new Dictionary<string, object?> { ["b"] = Array.Empty<object?>(), ["a"] = null } })));
        Assert.Throws<ArgumentException>(() => Render(template, ("x", new Uri("http://a/"))));
        object?[] deep = [];
        for (int i = 0; i < 1000; i++) deep = [deep];
        Assert.Throws<ArgumentException>(() => Render(template, ("x", deep)));
    }

    [Fact]
    public void A_template_renders_the_same_from_many_threads()
    {
        JinjaTemplate template = JinjaTemplate.Parse(
            "{% set ns = namespace(n=0) %}{% for i in range(x) %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }}");
        Parallel.For(0, 200, i =>
            Assert.Equal((i * (i - 1) / 2).ToString(CultureInfo.InvariantCulture), Render(template, ("x", i))));
    }

    [Fact]
    public void A_refusal_is_told_from_an_error()
    {
        JinjaTemplate template = JinjaTemplate.Parse("{% if x %}\n{{ raise_exception('no ' + x) }}{% endif %}\n\n{{ y.z }}");

        Assert.Equal("no system", Assert.Throws<JinjaRefusedException>(() => Render(template, ("x", "system"))).Message);
        JinjaException error = Assert.Throws<JinjaException>(() => Render(template));
        Assert.Equal(4, error.Line);
        Assert.Equal("line 4: 'y' is undefined and has no 'z'", error.Message);
    }

    [Theory]
    [InlineData("a\nb {{ x | urlize }}", "line 2: the filter 'urlize' is not understood here")]
    [InlineData("{% include 'x' %}", "line 1: the statement 'include' is not understood here")]
    [InlineData("\n\n{% for x in y %}\n", "line 3: a block has no 'endfor'")]
    [InlineData("{{ 99999999999999999999 }}", "line 1: the number 99999999999999999999 is too large")]
    [InlineData("{% for x in y recursive %}{% endfor %}", "line 1: recursive loops are not understood here")]
    [InlineData("{% macro m() %}{{ varargs }}{% endmacro %}", "line 1: 'varargs' in a macro is not understood here")]
    [InlineData("{{ a }\n}", "line 1: '}' closes nothing")]
    public void What_cannot_be_read_is_named_with_its_line(string source, string message) =>
        Assert.Equal(message, Assert.Throws<FormatException>(() => JinjaTemplate.Parse(source)).Message);

    /// <summary>Python would answer, and differently from what a simpler rule gives: better no answer than another one.</summary>
    [Theory]
    [InlineData("{{ ('<'|safe) + '<' }}")]
    [InlineData("{{ '<b>'|e|replace('b', '<') }}")]
    [InlineData("{{ '%s' % 1 }}")]
    [InlineData("{{ '9223372036854775808'|int }}")]
    [InlineData("{{ 2 ** 63 }}")]
    [InlineData("{{ -9223372036854775807 - 2 }}")]
    [InlineData("{{ {(1, 2): 3} }}")]
    [InlineData("{{ range(2) }}")]
    [InlineData("{{ '{:>5}'.format(1) }}")]
    [InlineData("{{ '{0.__class__}'.format(1) }}")]
    [InlineData("{{ strftime_now('%Q') }}")]
    public void What_is_not_understood_is_refused_and_not_guessed(string source) =>
        Assert.Throws<JinjaException>(() => Render(JinjaTemplate.Parse(source)));

    public static TheoryData<string> Towers => new(
        new string('(', 100_000),
        "{{ " + new string('(', 100_000) + "1" + new string(')', 100_000) + " }}",
        "{{ " + new string('[', 100_000),
        "{{ " + string.Concat(Enumerable.Repeat("{1:", 100_000)),
        "{{ " + new string('-', 100_000) + "1 }}",
        "{{ " + string.Concat(Enumerable.Repeat("not ", 100_000)) + "1 }}",
        "{{ 1" + string.Concat(Enumerable.Repeat("+1", 100_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" or 1", 100_000)) + " }}",
        "{{ x" + string.Concat(Enumerable.Repeat(".x", 100_000)) + " }}",
        "{{ x" + string.Concat(Enumerable.Repeat("|e", 100_000)) + " }}",
        "{{ x" + string.Concat(Enumerable.Repeat("()", 100_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" if 1 else 1", 50_000)) + " }}",
        "{{ 1" + string.Concat(Enumerable.Repeat(" if 1", 100_000)) + " }}",
        "{% set " + new string('(', 100_000),
        string.Concat(Enumerable.Repeat("{% if 1 %}", 100_000)),
        string.Concat(Enumerable.Repeat("{% if 1 %}", 50_000)) + string.Concat(Enumerable.Repeat("{% endif %}", 45_000)),
        string.Concat(Enumerable.Repeat("{% for x in y %}", 60_000)),
        string.Concat(Enumerable.Repeat("{% macro m() %}", 60_000)),
        new string('x', JinjaTemplate.LongestSource + 1));

    [Theory, MemberData(nameof(Towers))]
    public void A_tower_of_anything_is_refused_when_it_is_read(string source)
    {
        // The first is text, which is no tower.
        if (source[0] == '(') Assert.Equal(source, Render(JinjaTemplate.Parse(source)));
        else Assert.Throws<FormatException>(() => JinjaTemplate.Parse(source));
    }

    [Theory]
    [InlineData("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "macros call each other")]
    [InlineData("{% macro m(n) %}{{ m(n)|string|list|length + [[[[m(n)]]]]|length }}{% endmacro %}{{ m(1) }}", "macros call each other")]
    [InlineData("{% set r = range(100000) %}{% for a in r %}{% for b in r %}{% endfor %}{% endfor %}", "steps")]
    [InlineData("{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = ns.l + ns.l %}{% endfor %}", "steps")]
    [InlineData("{{ [1, 2] * 9000000000000000000 }}", "steps")]
    [InlineData("{{ 'ab' * 9000000000000000000 }}", "characters")]
    [InlineData("{% set ns = namespace(t='ab') %}{% for i in range(60) %}{% set ns.t = ns.t ~ ns.t %}{% endfor %}", "characters")]
    [InlineData("{% set t = 'a' * 10000 %}{{ t|replace('a', t) }}", "characters")]
    [InlineData("{% set t = 'a' * 10000 %}{{ t.replace('', t) }}", "characters")]
    [InlineData("{% set t = 'a' * 10000 %}{{ (t|list)|join(t) }}", "characters")]
    [InlineData("{% set t = 'a' * 10000 %}{{ t.join(t) }}", "characters")]
    [InlineData("{% for i in range(100000) %}{{ 'x' * 1000 }}{% endfor %}", "characters")]
    [InlineData("{% set ns = namespace(v=[]) %}{% for i in range(60) %}{% set ns.v = [ns.v, ns.v] %}{% endfor %}{{ ns.v }}", "")]
    [InlineData("{% set ns = namespace(v=[]) %}{% for i in range(60) %}{% set ns.v = [ns.v, ns.v] %}{% endfor %}{{ ns.v|tojson }}", "")]
    [InlineData("{% set ns = namespace(v=[], w=[]) %}{% for i in range(60) %}{% set ns.v = [ns.v, ns.v] %}{% set ns.w = [ns.w, ns.w] %}"
        + "{% endfor %}{{ ns.v == ns.w }}", "steps")]
    [InlineData("{% set ns = namespace() %}{% set ns.me = ns %}{{ ns }}", "nested too deeply")]
    [InlineData("{% set ns = namespace(v=[]) %}{% for i in range(90000) %}{% set ns.v = [ns.v] %}{% endfor %}{{ ns.v }}",
        "nested too deeply")]
    [InlineData("{% set ns = namespace(v=[]) %}{% for i in range(90000) %}{% set ns.v = [ns.v] %}{% endfor %}{{ ns.v|tojson(indent=1) }}",
        "")]
    [InlineData("{{ range(100001) }}", "range is of more than 100000 numbers")]
    [InlineData("{{ range(-9223372036854775807, 9223372036854775807) }}", "range is of more than 100000 numbers")]
    [InlineData("{% set l = range(100000)|list %}{% for i in l %}{{ 'x' if -1 in l }}{% endfor %}", "steps")]
    public void What_would_take_too_much_is_stopped(string source, string problem)
    {
        JinjaTemplate template = JinjaTemplate.Parse(source);

        Assert.Contains(problem, Assert.Throws<JinjaException>(() => Render(template)).Message);
    }

    [Fact]
    public void A_small_stack_is_enough_or_the_template_is_refused()
    {
        Exception? caught = null;
        var thread = new Thread(
            () => caught = Record.Exception(() =>
            {
                string tower = "{{ m(" + new string('[', 90) + "1" + new string(']', 90) + ") }}";
                Render(JinjaTemplate.Parse("{% macro m(x) %}" + tower + "{% endmacro %}" + tower));
            }),
            maxStackSize: 512 << 10);
        thread.Start();
        thread.Join();
        Assert.True(caught is JinjaException or FormatException, caught?.ToString());
    }

    private static string Render(JinjaTemplate template, params (string Name, object? Value)[] given) =>
        template.Render(given.Length == 0 ? Nothing : given.ToDictionary(g => g.Name, g => g.Value), Clock);

    private sealed class StoppedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 3, 7, 9, 5, 3, TimeSpan.Zero);
    }
}
