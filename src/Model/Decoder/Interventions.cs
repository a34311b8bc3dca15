using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

internal enum InterventionKind
{
    Capture,
    Add,
    ProjectOut,
    Cap,
    Place,
}

/// <summary>One thing done at a site. The vector is pinned, so its address may be kept.</summary>
internal sealed record Intervention(InterventionKind Kind, int Slot, float[] Vector, float Amount);

/// <summary>
/// What to read or change at named sites during a forward pass, and its exact counterpart in the backward pass. At one site the
/// interventions act in the order in which they were added. May be shared by threads; what is read lands in the workspace of each pass.
/// </summary>
public sealed unsafe class Interventions
{
    private readonly List<Intervention>?[] _bySite;
    private readonly int _width;

    /// <summary>None yet, for decoders of this shape.</summary>
    public Interventions(DecoderConfig config)
    {
        Config = config;
        _width = config.Width;
        _bySite = new List<Intervention>?[ActivationSite.Count(config)];
    }

    /// <summary>The same ones, to which more may be added without touching the first. Vectors are shared.</summary>
    internal Interventions(Interventions of)
        : this(of.Config)
    {
        for (int site = 0; site < _bySite.Length; site++) _bySite[site] = of._bySite[site]?.ToList();
        Slots = of.Slots;
    }

    /// <summary>Those of one followed, at every site, by those of another for the same shape. Vectors are shared.</summary>
    internal static Interventions Joined(Interventions first, Interventions then)
    {
        var both = new Interventions(first);
        for (int site = 0; site < both._bySite.Length; site++)
        {
            if (then._bySite[site] is not { } list) continue;
            (both._bySite[site] ??= []).AddRange(list.Select(e => e with { Slot = first.Slots + e.Slot }));
        }
        both.Slots = first.Slots + then.Slots;
        return both;
    }

    /// <summary>The shape these fit.</summary>
    public DecoderConfig Config { get; }

    internal int Slots { get; private set; }

    /// <summary>Copies the activations at a site, and in a backward pass their gradients.</summary>
    /// <returns>The slot under which <see cref="DecoderWorkspace.Captured"/> returns them.</returns>
    public int Capture(string site) => Put(site, InterventionKind.Capture, [], 0);

    /// <summary>x += amount · vector, in every row.</summary>
    public void Add(string site, ReadOnlySpan<float> vector, float amount = 1) => Put(site, InterventionKind.Add, vector, amount);

    /// <summary>x -= (x · u) u with u the normalised direction: the activations say nothing along it any more.</summary>
    public void ProjectOut(string site, ReadOnlySpan<float> direction) => Put(site, InterventionKind.ProjectOut, Unit(direction), 0);

    /// <summary>x -= max(0, x · u - maximum) u with u the normalised direction: the projection never exceeds the maximum.</summary>
    public void Cap(string site, ReadOnlySpan<float> direction, float maximum) => Put(site, InterventionKind.Cap, Unit(direction), maximum);

    /// <summary>The content id: what is done, where, in which order.</summary>
    internal Lab.ContentId Id() => Lab.ContentId.Of("interventions", [.. _bySite.SelectMany((list, site) =>
        (list ?? []).SelectMany(e => new object?[] { site, e.Kind.ToString(), e.Amount, Array.ConvertAll(e.Vector, x => (double)x) }))]);

    /// <summary>
    /// As <see cref="Forward"/>, for passes that nothing is read from and no backward pass follows: captures are left out.
    /// </summary>
    internal void Apply(int site, float* x, int rows)
    {
        if (_bySite[site] is not { } list) return;
        foreach (Intervention e in list)
        {
            float* v = Address(e.Vector);
            for (int i = 0; i < rows && e.Kind != InterventionKind.Capture; i++)
            {
                float* row = x + (long)i * _width;
                float along = e.Kind == InterventionKind.Add ? 0 : (float)Elementwise.Dot(_width, v, row);
                float amount = e.Kind switch
                {
                    InterventionKind.Add => e.Amount,
                    InterventionKind.ProjectOut => -along,
                    _ => -Math.Max(0, along - e.Amount),
                };
                if (amount != 0) Elementwise.Axpy(_width, amount, v, row);
            }
        }
    }

    /// <summary>Whether something at a site from this one on, up to the last block's end, needs the rows of all tokens.</summary>
    internal bool NeedsAllRows(int from)
    {
        for (int site = from; site < ActivationSite.Final(Config); site++)
            if (_bySite[site] is { } list && list.Exists(e => e.Kind is InterventionKind.Capture or InterventionKind.Place)) return true;
        return false;
    }

    internal bool Touches(int site) => _bySite[site] is not null;

    /// <summary>Replaces the vector added by the intervention in a slot: a steering vector under training.</summary>
    internal void Replace(int slot, ReadOnlySpan<float> vector) =>
        vector.CopyTo(_bySite.SelectMany(list => list ?? []).Single(e => e.Slot == slot).Vector);

    /// <summary>
    /// Puts rows of a table [k, d] in place of the activations in the rows that <see cref="DecoderWorkspace.Placed"/> names.
    /// </summary>
    internal void Place(string site, ReadOnlySpan<float> table) => Put(site, InterventionKind.Place, table, 1);

    internal int PutAdd(string site, ReadOnlySpan<float> vector) => Put(site, InterventionKind.Add, vector, 1);

    /// <summary>Acts on x [rows, d] in place.</summary>
    internal void Forward(int site, float* x, int rows, DecoderWorkspace workspace)
    {
        if (_bySite[site] is not { } list) return;
        int d = _width;
        foreach (Intervention e in list)
        {
            float* v = Address(e.Vector);
            switch (e.Kind)
            {
                case InterventionKind.Capture:
                    Elementwise.Copy((long)rows * d, x, workspace.CaptureBuffer(e.Slot, rows));
                    break;
                case InterventionKind.Add:
                    for (int i = 0; i < rows; i++) Elementwise.Axpy(d, e.Amount, v, x + (long)i * d);
                    break;
                case InterventionKind.Place:
                    foreach ((int row, int index) in workspace.Placed) Elementwise.Copy(d, v + (long)index * d, x + (long)row * d);
                    break;
                case InterventionKind.ProjectOut:
                    for (int i = 0; i < rows; i++) Elementwise.Axpy(d, -(float)Elementwise.Dot(d, v, x + (long)i * d), v, x + (long)i * d);
                    break;
                case InterventionKind.Cap:
                    float* capped = workspace.CapFlags(e.Slot, rows);
                    for (int i = 0; i < rows; i++)
                    {
                        float excess = (float)Elementwise.Dot(d, v, x + (long)i * d) - e.Amount;
                        capped[i] = excess > 0 ? 1 : 0;
                        if (excess > 0) Elementwise.Axpy(d, -excess, v, x + (long)i * d);
                    }
                    break;
            }
        }
    }

    /// <summary>Turns the gradient behind the interventions of a site into the gradient before them, in place.</summary>
    internal void Backward(int site, float* dx, int rows, DecoderWorkspace workspace)
    {
        if (_bySite[site] is not { } list) return;
        int d = _width;
        for (int k = list.Count - 1; k >= 0; k--)
        {
            Intervention e = list[k];
            float* v = Address(e.Vector);
            switch (e.Kind)
            {
                case InterventionKind.Capture:
                    Elementwise.Copy((long)rows * d, dx, workspace.CaptureGradientBuffer(e.Slot, rows));
                    break;
                case InterventionKind.Place:
                    foreach ((int row, _) in workspace.Placed) Elementwise.Fill(d, 0, dx + (long)row * d);
                    break;
                case InterventionKind.ProjectOut:
                    for (int i = 0; i < rows; i++)
                        Elementwise.Axpy(d, -(float)Elementwise.Dot(d, v, dx + (long)i * d), v, dx + (long)i * d);
                    break;
                case InterventionKind.Cap:
                    float* capped = workspace.CapFlags(e.Slot, rows);
                    for (int i = 0; i < rows; i++)
                    {
                        if (capped[i] != 0) Elementwise.Axpy(d, -(float)Elementwise.Dot(d, v, dx + (long)i * d), v, dx + (long)i * d);
                    }
                    break;
            }
        }
    }

    private static float* Address(float[] vector) => (float*)System.Runtime.CompilerServices.Unsafe.AsPointer(
        ref System.Runtime.InteropServices.MemoryMarshal.GetArrayDataReference(vector));

    private static float[] Unit(ReadOnlySpan<float> direction)
    {
        double norm = 0;
        foreach (float x in direction) norm += (double)x * x;
        if (!(norm > 0)) throw new ArgumentException("A direction needs a length.", nameof(direction));
        float[] unit = new float[direction.Length];
        for (int i = 0; i < unit.Length; i++) unit[i] = (float)(direction[i] / Math.Sqrt(norm));
        return unit;
    }

    private int Put(string site, InterventionKind kind, ReadOnlySpan<float> vector, float amount)
    {
        if (kind is not (InterventionKind.Capture or InterventionKind.Place) && vector.Length != _width)
            throw new ArgumentException($"A vector at '{site}' needs {_width} numbers, not {vector.Length}.", nameof(vector));
        float[] pinned = GC.AllocateArray<float>(Math.Max(vector.Length, 1), pinned: true);
        vector.CopyTo(pinned);
        (_bySite[ActivationSite.Index(Config, site)] ??= []).Add(new Intervention(kind, Slots, pinned, amount));
        return Slots++;
    }
}
