namespace PersonaSelection.Corpus;

/// <summary>The names that are assigned within one scope (the template, a loop, a macro, a block with its own names), each with its slot.</summary>
internal sealed class JinjaScopePlan(JinjaScopePlan? outer)
{
    private readonly Dictionary<string, int> _slots = [];

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
}

/// <summary>The values of a scope while it runs; a slot that holds nothing yet lets the scopes around it be seen.</summary>
internal sealed class JinjaFrame(JinjaScopePlan plan, JinjaFrame? outer)
{
    /// <summary>Values by slot.</summary>
    public object?[] Slots { get; } = new object?[plan.Slots.Count];

    /// <summary>The frame of the scope around.</summary>
    public JinjaFrame? Outer { get; } = outer;
}
