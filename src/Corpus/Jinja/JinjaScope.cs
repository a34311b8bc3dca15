namespace PersonaSelection.Corpus;

/// <summary>The names that are assigned within one scope (the template, a loop, a macro, a block of its own), each with its slot.</summary>
internal sealed class JinjaScopePlan(JinjaScopePlan? outer)
{
    private readonly Dictionary<string, int> _slots = [];
    private readonly HashSet<string> _read = [];
    private readonly HashSet<string> _hides = [];

    /// <summary>The scope around this one.</summary>
    public JinjaScopePlan? Outer { get; } = outer;

    /// <summary>Names and their slots.</summary>
    public IReadOnlyDictionary<string, int> Slots => _slots;

    /// <summary>The slot of a name that is assigned here.</summary>
    public int Slot(string name)
    {
        if (!_slots.TryGetValue(name, out int slot)) _slots[name] = slot = _slots.Count;
        return slot;
    }

    /// <summary>How many <c>if</c> of this scope are being read.</summary>
    public int Conditions { get; set; }

    /// <summary>Says that the name is read here.</summary>
    public void Read(string name) => _read.Add(name);

    /// <summary>
    /// Says that the name is assigned here. Where that is certain and nothing read it before, Jinja lets nobody see past this scope, not
    /// even before the assignment.
    /// </summary>
    public void Store(string name)
    {
        Slot(name);
        if (Conditions == 0 && !_read.Contains(name)) _hides.Add(name);
    }

    /// <summary>Whether the name means this scope's, assigned or not.</summary>
    public bool Hides(string name) => _hides.Contains(name);
}

/// <summary>The values of a scope while it runs; a slot that holds nothing yet lets the scopes around it be seen.</summary>
internal sealed class JinjaFrame(JinjaScopePlan plan, JinjaFrame? outer)
{
    /// <summary>Values by slot.</summary>
    public object?[] Slots { get; } = new object?[plan.Slots.Count];

    /// <summary>The frame of the scope around.</summary>
    public JinjaFrame? Outer { get; } = outer;
}
