using PersonaSelection.Lab;

namespace PersonaSelection.Model;

/// <summary>
/// The weights that a model is made of. Those that can be read again are held once while the model only scores: packing gives back the
/// memory of each matrix, and who asks for the weights later has them read again, and kept from then on.
/// </summary>
/// <param name="weights">The weights.</param>
/// <param name="read">Reads them again into the same memory; null where there is nowhere to read them from.</param>
internal sealed class HeldWeights(DecoderWeights weights, Action<DecoderWeights>? read = null)
{
    private readonly Lock _gate = new();
    private readonly Lazy<ContentId> _id = new(weights.Id);
    private bool _asked, _forgotten;

    /// <summary>Of these only the shape, the embedding and the vectors may be read: what packed matrices do not hold.</summary>
    public DecoderWeights Unpacked => weights;

    /// <summary>The content id.</summary>
    public ContentId Id => _id.Value;

    /// <summary>All of them, for good.</summary>
    /// <exception cref="UserErrorException">What was read again is not the same.</exception>
    public DecoderWeights Whole()
    {
        lock (_gate)
        {
            _asked = true;
            ReadAgain();
            return weights;
        }
    }

    /// <summary>Packs their matrices.</summary>
    /// <param name="room">Room for them, forward or backward.</param>
    /// <param name="threads">Threads that pack.</param>
    /// <exception cref="UserErrorException">What was read again is not the same.</exception>
    public PackedProjections Pack(PackedProjections room, int threads)
    {
        lock (_gate)
        {
            ReadAgain();
            _forgotten = read is not null && !_asked;
            // While there is something to take it of.
            if (_forgotten) _ = Id;
            return room.Pack(weights, threads, _forgotten);
        }
    }

    private void ReadAgain()
    {
        if (!_forgotten) return;
        read!(weights);
        if (weights.Id() != Id)
        {
            throw new UserErrorException("corrupt-checkpoint", "The model's folder holds other weights than when it was first read.",
                "Run the command again, and leave the folder alone meanwhile.");
        }
        _forgotten = false;
    }
}
