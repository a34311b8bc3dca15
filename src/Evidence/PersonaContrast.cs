using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;

namespace PersonaSelection.Evidence;

/// <summary>
/// How well a model tells personas apart, from what each of them would answer to probes. A persona's answer to a probe is the distribution
/// w that the model gives to the probe's replies, p(reply | persona, probe) normalised over the listed replies. Two personas differ by
/// the expected log-likelihood difference per token of the reply, symmetrised:
/// D(a,b) = sum_q 1/2 sum_r (w_a - w_b)(log w_a - log w_b) / sum_q 1/2 sum_r (w_a + w_b) tokens(r), in nats per token; exact, nothing is
/// sampled, never negative, zero for personas with the same answers. What a persona does to all replies of a probe alike cancels.
/// </summary>
public sealed class PersonaContrast
{
    // A reply that a model excludes counts as this improbable, so that an oracle's certainties stay finite.
    private const double LeastLogShare = -50;

    private readonly Answers[] _answers;
    private readonly Answers _bare;

    private PersonaContrast(IReadOnlyList<Persona> personas, IReadOnlyList<Probe> probes, Answers bare, Answers[] answers)
    {
        (Personas, Probes, _bare, _answers) = (personas, probes, bare, answers);
        string[] names = [.. personas.Select(p => p.Name)];
        Nats = new LabelledMatrix(names, names, (a, b) => a == b ? 0 : Between(_answers[Math.Min(a, b)], _answers[Math.Max(a, b)]));
        FromBare = [.. _answers.Select(a => Between(_bare, a))];
        Low = new LabelledMatrix(probes.Select(p => p.Id), names, (q, h) => _answers[h].Low[q]);
    }

    /// <summary>The personas.</summary>
    public IReadOnlyList<Persona> Personas { get; }

    /// <summary>The probes.</summary>
    public IReadOnlyList<Probe> Probes { get; }

    /// <summary>Personas x personas: D in nats per token; symmetric, with zeros on the diagonal.</summary>
    public LabelledMatrix Nats { get; }

    /// <summary>D between each persona and the model as it is, in nats per token.</summary>
    public IReadOnlyList<double> FromBare { get; }

    /// <summary>Probes x personas: probability of the low replies.</summary>
    public LabelledMatrix Low { get; }

    /// <summary>Probability of the low replies for the model as it is.</summary>
    public IReadOnlyList<double> BareLow => _bare.Low;

    /// <summary>Asks every persona every probe.</summary>
    /// <param name="personas">The personas, with different names; at least one.</param>
    /// <param name="bare">The model as it is.</param>
    /// <param name="probes">The probes, with different ids; at least one.</param>
    /// <param name="progress">Told about questions done.</param>
    /// <param name="cancellation">Stops between pieces.</param>
    /// <exception cref="ArgumentException">There is no probe, or no persona.</exception>
    /// <exception cref="UserErrorException">A probe does not fit into the model's context or has a word it does not know.</exception>
    public static PersonaContrast Measure(IReadOnlyList<PresentedPersona> personas, ILanguageModel bare, IReadOnlyList<Probe> probes,
        IProgress<WorkProgress>? progress = null, CancellationToken cancellation = default)
    {
        ProbeMeasurement.RequireSome(probes);
        if (personas.Count == 0) throw new ArgumentException("There is no persona.", nameof(personas));
        int total = probes.Count * (1 + personas.Sum(p => p.Contexts.Count)), done = 0;
        Answers Ask(ILanguageModel model, IReadOnlyList<IReadOnlyList<Turn>> contexts)
        {
            var scorer = new ReplyScorer(model);
            int[][][] replies =
                [.. probes.Select(p => p.Low.Concat(p.High).Select(r => model.Template.EncodeReply(model.Tokenizer, r)).ToArray())];
            IEnumerable<ScoreRequest> requests = contexts.SelectMany(before => probes.Select((p, q) =>
                scorer.Request(ProbeMeasurement.QuestionOf(p, before).Context, replies[q])));
            double[][] scores = scorer.Score(requests, probes.Count * contexts.Count, "personas", progress, done, total, cancellation);
            done += scores.Length;
            return AnswersOf(probes, replies, scores, contexts.Count);
        }
        Answers asItIs = Ask(bare, PresentedPersona.Bare);
        return new PersonaContrast([.. personas.Select(p => p.Persona)], probes, asItIs,
            [.. personas.Select(p => Ask(p.Model, p.Contexts))]);
    }

    /// <summary>
    /// How many personas can be told apart by so much text: 1 / mean_ab exp(-tokens D(a,b)), the similarity-sensitive diversity of order 2
    /// of Leinster and Cobbold with equal weights. 1 where all are alike, the number of personas where all differ.
    /// </summary>
    public double EffectiveNumber(double tokens)
    {
        double alike = 0;
        for (int a = 0; a < Personas.Count; a++)
            for (int b = 0; b < Personas.Count; b++) alike += Math.Exp(-tokens * Nats[a, b]);
        return (double)Personas.Count * Personas.Count / alike;
    }

    private static Answers AnswersOf(IReadOnlyList<Probe> probes, int[][][] replies, double[][] scores, int contexts)
    {
        var shares = new double[probes.Count][];
        var low = new double[probes.Count];
        double tokens = 0;
        var column = new double[contexts];
        for (int q = 0; q < probes.Count; q++)
        {
            double[] log = new double[replies[q].Length];
            for (int r = 0; r < log.Length; r++)
            {
                for (int c = 0; c < contexts; c++) column[c] = scores[(c * probes.Count) + q][r];
                log[r] = LogSpace.LogMeanExp(column);
            }
            low[q] = ProbeMeasurement.LowShare(probes[q], log);
            double all = LogSpace.LogSumExp(log);
            for (int r = 0; r < log.Length; r++)
            {
                log[r] = double.IsNegativeInfinity(all) ? -Math.Log(log.Length) : Math.Max(LeastLogShare, log[r] - all);
                tokens += Math.Exp(log[r]) * replies[q][r].Length;
            }
            shares[q] = log;
        }
        return new Answers(shares, low, tokens);
    }

    private static double Between(Answers a, Answers b)
    {
        double sum = 0;
        for (int q = 0; q < a.LogShares.Length; q++)
        {
            double[] la = a.LogShares[q], lb = b.LogShares[q];
            for (int r = 0; r < la.Length; r++) sum += (Math.Exp(la[r]) - Math.Exp(lb[r])) * (la[r] - lb[r]);
        }
        return sum / (a.Tokens + b.Tokens);
    }

    /// <summary>What one persona answers: [probe][reply] log shares, P(low), and the expected tokens of all answers together.</summary>
    private sealed record Answers(double[][] LogShares, double[] Low, double Tokens);
}
