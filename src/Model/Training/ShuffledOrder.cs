using PersonaSelection.Numerics;

namespace PersonaSelection.Model;

/// <summary>Items in random order, each once an epoch; the order of an epoch depends on its number alone.</summary>
internal sealed class ShuffledOrder(int count, RngStream rng)
{
    private readonly int[] _order = new int[count];
    private long _epoch = -1;

    public int At(long position)
    {
        (long epoch, long index) = Math.DivRem(position, count);
        if (epoch != _epoch)
        {
            for (int i = 0; i < count; i++) _order[i] = i;
            rng.Child("epoch", epoch).Shuffle(_order.AsSpan());
            _epoch = epoch;
        }
        return _order[index];
    }
}
