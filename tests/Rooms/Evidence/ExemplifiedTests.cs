using PersonaSelection.Corpus;
using PersonaSelection.Evidence;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using PersonaSelection.Numerics;
using PersonaSelection.Personas;
using Xunit;

namespace PersonaSelection.Tests.Rooms.EvidenceTests;

/// <summary>Personas that are two habits of choosing words, and a model that was trained on neither.</summary>
public sealed class ExemplifiedTests : IDisposable
{
    private static readonly Dictionary<string, double> NoTraits = [];
    private static readonly string[] Words = [.. Enumerable.Range(0, 24).Select(i => $"w{i:d2}")];
    private readonly TemporaryFolder _folder = new();
    private readonly WordLevelTokenizer _tokenizer = WordLevelTokenizer.FromWords([.. Words, "user", "assistant", ":"]);
    private readonly DecoderWeights _weights;
    private readonly Transformer _model;

    public ExemplifiedTests()
    {
        _weights = DecoderWeights.Initialise(DecoderConfig.Small(_tokenizer.VocabularySize, 32, 2, 2, 64), RngStream.Root(5));
        _model = new Transformer(_weights, _tokenizer, null, 1);
    }

    public void Dispose()
    {
        _model.Dispose();
        _weights.Dispose();
        _folder.Dispose();
    }

    // Persona h says the words of its own third twice as often as others: each word tells a little.
    private static Episode[] Say(int persona, int count, ulong seed)
    {
        RngStream rng = RngStream.Root(seed).Child("say", persona);
        double[] odds = [.. Enumerable.Range(0, Words.Length).Select(i => i / 8 == persona ? 4.0 : 1)];
        return [.. Enumerable.Range(0, count).Select(i => new Episode($"p{persona}-{i}", [new Turn("user", Words[rng.NextInt(24)])],
            string.Join(' ', Enumerable.Range(0, 8).Select(_ => Words[rng.NextIndex(odds)]))))];
    }

    private PersonaSet Set(int personas = 2, int examples = 200, Presentation? given = null)
    {
        for (int h = 0; h < personas; h++) new EpisodeSet("s", Say(h, examples, 1)).Save(_folder[$"{h}.jsonl"]);
        IEnumerable<Persona> all = Enumerable.Range(0, personas).Select(h =>
            new Persona($"p{h}", "human", "", NoTraits) { Examples = $"{h}.jsonl", Given = given });
        return new PersonaSet([], [.. all]) { Folder = _folder.Path };
    }

    private static readonly FitOptions Quick = new() { StepTokens = 256, Points = 4, Rank = 2, AdapterRate = 1e-2, VectorRate = 0.1 };

    private PresentationOptions Options(string? store = null) =>
        new() { Fit = Quick, Store = store is null ? null : new ArtifactStore(_folder[store]) };

    private static double Right(LikelihoodSource source, int personas)
    {
        int right = 0, all = 0;
        for (int h = 0; h < personas; h++)
        {
            double[][] nats = source.Compute(Say(h, 100, 2)).Nats;
            right += nats.Count(n => Array.IndexOf(n, n.Max()) == h);
            all += nats.Length;
        }
        return (double)right / all;
    }

    [Fact]
    public void Adapters_are_chosen_for_enough_words_and_tell_personas_apart()
    {
        using PresentedPersonas cast = PresentedPersonas.Of(Set(3, 200), _model, Options());
        Assert.All(cast.Personas, p => Assert.Equal(Presentation.Adapter, p.Way));
        Assert.True(Right(cast.Source, 3) > 0.7);
        EvidenceCalibration calibration = Assert.IsType<EvidenceCalibration>(cast.Calibration);
        Assert.True(calibration.LossAfter < Math.Log(3) && calibration.Episodes > 50);
        Assert.Equal(calibration.Id.ToString(), cast.Source.Provenance["calibration"]);
        // All three stopped at one step, and knew their held-out words better there than before.
        Assert.All(cast.Curves.Values, c => Assert.True(c.Min(p => p.HeldOut) < c[0].HeldOut));
        Assert.Equal("adapter 3", cast.Source.Provenance["presentation"]);
    }

    [Fact]
    public void Word_counts_speak_beside_the_model_unless_they_are_told_not_to()
    {
        PersonaSet set = Set(3, 200);
        Episode[] asked = [.. Enumerable.Range(0, 3).SelectMany(h => Say(h, 100, 2))];
        using PresentedPersonas cast = PresentedPersonas.Of(set, _model, Options("store"));
        WordCounts counts = Assert.IsType<WordCounts>(cast.WordCounts);
        Assert.Equal(counts.Id.ToString(), cast.Source.Provenance["word-counts"]);
        Assert.Equal(2, cast.Calibration!.Softmax.Scales.Count);
        Assert.True(cast.Calibration.LossAfter < cast.ModelAlone!.LossAfter);
        (double[][] model, double[][]? words, double[][] inForce) = cast.Compare(asked);
        Assert.Equal(cast.Source.Compute(asked).Nats.SelectMany(n => n), inForce.SelectMany(n => n));
        double Loss(double[][] nats) =>
            SoftmaxCalibration.None(3).Loss(nats, [.. asked.Select((_, i) => i / 100)], [.. asked.Select(_ => 1.0)]);
        // The habits are nothing but shares of words, so counting is worth most here; what is in force is about as good.
        Assert.True(Loss(inForce) < Loss(model));
        Assert.Equal(Loss(words!), Loss(inForce), 0.03);
        // Some personas only, as adaptive evidence asks: the same numbers.
        Assert.Equal(inForce.Select(n => n[2]), cast.Source.Compute(asked, [2]).Nats.Select(n => n[0]));
        // Switched off in the set or by an option: the model alone.
        PersonaSet off = new([], set.Personas) { Folder = _folder.Path, WordCounts = false };
        foreach ((PersonaSet s, PresentationOptions o) in (IEnumerable<(PersonaSet, PresentationOptions)>)[(off, Options("store")),
            (set, Options("store") with { WordCounts = false })])
        {
            using PresentedPersonas alone = PresentedPersonas.Of(s, _model, o);
            Assert.Null(alone.WordCounts);
            Assert.False(alone.Source.Provenance.ContainsKey("word-counts"));
            Assert.Equal(model.SelectMany(n => n), alone.Source.Compute(asked).Nats.SelectMany(n => n));
        }
    }

    [Fact]
    public void Word_counts_keep_silent_where_a_persona_has_no_examples()
    {
        PersonaSet set = Set(2, 200);
        set = new PersonaSet([], [.. set.Personas, new Persona("w01", "human", "", NoTraits) { Contexts = [[new Turn("system", "w01")]] }])
        {
            Folder = _folder.Path,
        };
        using PresentedPersonas cast = PresentedPersonas.Of(set, _model, Options());
        Assert.Null(cast.WordCounts);
        Assert.Null(cast.CountsAlone);
        Assert.NotNull(cast.ModelAlone);
    }

    [Fact]
    public void Of_few_examples_all_are_held_out_in_turns()
    {
        PersonaSet set = Set(2, 50, Presentation.Adapter);
        using PresentedPersonas cast = PresentedPersonas.Of(set, _model, Options());
        Assert.Equal(cast.Examples.Sum(e => e.All.Count), cast.Calibration!.Episodes);
        PersonaExamples one = cast.Examples[0];
        PersonaExamples[] turns = [one, .. Enumerable.Range(1, PersonaExamples.Parts - 1).Select(one.Turned)];
        Assert.Equal(one.All.Select(e => e.Id).Order(), turns.SelectMany(t => t.HeldOut).Select(e => e.Id).Order());
        Assert.All(turns, t => Assert.Equal(one.All.Count, t.All.Count));
    }

    [Fact]
    public void Telling_apart_is_kept_in_the_store_and_taken_only_where_it_helps()
    {
        // Enough are held out of so many, so that nothing is fitted in turns.
        PersonaSet set = Set(3, 400);
        PresentationOptions options = Options("store") with
        {
            WordCounts = false,
            Fit = Quick with { ContrastPasses = 2, ContrastRate = 3e-3 },
        };
        Episode[] asked = [.. Enumerable.Range(0, 3).SelectMany(h => Say(h, 60, 2))];
        double[][] first, second, before;
        using (PresentedPersonas cast = PresentedPersonas.Of(set, _model, options)) first = cast.Source.Compute(asked).Nats;
        string folder = Assert.Single(Directory.GetDirectories(_folder["store", "persona-contrast"]));
        DateTime kept = Directory.GetLastWriteTimeUtc(folder);
        using (PresentedPersonas cast = PresentedPersonas.Of(set, _model, options)) second = cast.Source.Compute(asked).Nats;
        Assert.Equal(kept, Directory.GetLastWriteTimeUtc(folder));
        Assert.Equal(first.SelectMany(n => n), second.SelectMany(n => n));
        using (PresentedPersonas cast = PresentedPersonas.Of(set, _model,
            Options("store") with { WordCounts = false, Fit = Quick with { ContrastPasses = 0 } }))
            before = cast.Source.Compute(asked).Nats;
        FitPoint[][] curves = [.. Enumerable.Range(0, 3).Select(h => FitCurve.Load(Path.Combine(folder, $"{h}.json")))];
        int[] owners = [.. Enumerable.Range(0, 3).SelectMany(h => Enumerable.Repeat(h, curves[0][0].Scores.Count / 3))];
        Assert.Equal(0, curves[0][0].Step);
        Assert.NotEqual(before.SelectMany(n => n), first.SelectMany(n => n));
    }

    [Fact]
    public void Telling_apart_that_was_stopped_or_crashed_goes_on_to_the_same_files()
    {
        PersonaSet set = Set(3, 400);
        PresentationOptions With(string store) =>
            Options(store) with { WordCounts = false, Fit = Quick with { ContrastPasses = 12, ContrastRate = 3e-3 } };
        var steps = new List<WorkProgress>();
        using (PresentedPersonas.Of(set, _model, With("whole"), new Listener(steps))) { }
        WorkProgress[] apart = [.. steps.Where(p => p.Stage == "telling personas apart")];
        double middle = Math.Floor(apart[^1].Total / 2) + 3;
        Assert.True(middle > 40, $"{middle}");
        Watch Then(Action act) => new(p =>
        {
            if (p.Stage == "telling personas apart" && p.Done == middle) act();
        });
        using (PresentedPersonas.Of(set, _model, With("copied"), Then(() => Copy("copied", "crashed")))) { }
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => PresentedPersonas.Of(set, _model, With("stopped"), Then(stop.Cancel), stop.Token));
        foreach (string store in (string[])["crashed", "stopped"])
        {
            Assert.Single(Directory.GetDirectories(_folder[store, "persona-contrast"], "*.part"));
            var rest = new List<WorkProgress>();
            using (PresentedPersonas.Of(set, _model, With(store), new Listener(rest))) { }
            Assert.InRange(rest.First(p => p.Stage == "telling personas apart").Done, middle - 20, middle + 1);
            Assert.Equal(Files("whole"), Files(store));
        }
        Assert.Equal(Files("whole"), Files("copied"));
        Assert.All(Files("whole").Keys, f => Assert.DoesNotMatch("checkpoint|[.](part|lock)", f));
    }

    [Fact]
    public void Vectors_leave_the_weights_and_tell_personas_apart_too()
    {
        string before = _weights.Id().ToString();
        using PresentedPersonas cast = PresentedPersonas.Of(Set(given: Presentation.Vector), _model, Options());
        Assert.All(cast.Personas, p => Assert.Equal(Presentation.Vector, p.Way));
        Assert.True(Right(cast.Source, 2) > 0.6);
        Assert.Equal(before, _weights.Id().ToString());
    }

    [Fact]
    public void Few_examples_are_shown_in_several_draws_and_none_means_described()
    {
        PersonaSet set = Set(examples: 20);
        set = new PersonaSet([], [.. set.Personas, new Persona("w01", "human", "", NoTraits) { Contexts = [[new Turn("system", "w01")]] }])
        {
            Folder = _folder.Path,
        };
        using PresentedPersonas cast = PresentedPersonas.Of(set, _model, Options());
        Assert.Equal([Presentation.Shown, Presentation.Shown, Presentation.Described], cast.Personas.Select(p => p.Way));
        Assert.Equal(4, cast.Personas[0].Contexts.Count);
        Assert.All(cast.Personas[0].Contexts, c => Assert.InRange(ChatTemplate.Plain.EncodeContext(_tokenizer, c).Length, 20, 32));
        string[] learnt = [.. cast.Examples[0].Learnt.Select(e => e.Reply)];
        Assert.All(cast.Personas[0].Contexts.SelectMany(c => c).Where(t => t.Role == "assistant"), t => Assert.Contains(t.Text, learnt));
        Assert.All(cast.Source.Compute(Say(0, 5, 3)).Nats.SelectMany(n => n), x => Assert.True(double.IsFinite(x)));
    }

    [Fact]
    public void What_was_fitted_is_not_fitted_again_and_comes_out_the_same_bits()
    {
        PersonaSet set = Set();
        Episode[] asked = [.. Say(0, 5, 9), .. Say(1, 5, 9)];
        var work = new List<WorkProgress>();
        double[][] first, second, threaded;
        using (PresentedPersonas cast = PresentedPersonas.Of(set, _model, Options("store"))) first = cast.Source.Compute(asked).Nats;
        // The second persona's fit is lost, as if the first run had been killed after the first.
        string[] fits = [.. Directory.GetDirectories(_folder["store", "persona-fit"]).OrderBy(Directory.GetCreationTimeUtc)];
        Directory.Delete(fits[1], true);
        DateTime kept = Directory.GetLastWriteTimeUtc(fits[0]);
        using (PresentedPersonas cast = PresentedPersonas.Of(set, _model, Options("store"), new Listener(work)))
            second = cast.Source.Compute(asked).Nats;
        Assert.Equal(kept, Directory.GetLastWriteTimeUtc(fits[0]));
        Assert.Contains(work, w => w.Detail.StartsWith("p1 loss", StringComparison.Ordinal));
        Assert.DoesNotContain(work, w => w.Detail.StartsWith("p0 loss", StringComparison.Ordinal));
        using var two = new Transformer(_weights, _tokenizer, null, 2);
        using (PresentedPersonas cast = PresentedPersonas.Of(set, two, Options("other"))) threaded = cast.Source.Compute(asked).Nats;
        Assert.Equal(first.SelectMany(n => n), second.SelectMany(n => n));
        Assert.Equal(first.SelectMany(n => n), threaded.SelectMany(n => n));
    }

    [Theory]
    [InlineData(Presentation.Adapter)]
    [InlineData(Presentation.Vector)]
    public void A_fit_that_was_stopped_or_crashed_goes_on_to_the_same_bits(Presentation way)
    {
        PersonaSet set = Set(given: way);
        var steps = new List<WorkProgress>();
        using (PresentedPersonas.Of(set, _model, Options("whole"), new Listener(steps))) { }
        // As a crash leaves it, in the middle of the second persona's fit: whatever is on the disk at that moment.
        double middle = steps.First(p => p.Stage == "fitting personas" && p.Done > 1.6).Done;
        Watch Then(Action act) => new(p =>
        {
            if (p.Stage == "fitting personas" && p.Done == middle) act();
        });
        using (PresentedPersonas.Of(set, _model, Options("copied"), Then(() => Copy("copied", "crashed")))) { }
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            PresentedPersonas.Of(set, _model, Options("stopped"), Then(stop.Cancel), stop.Token));
        foreach (string store in (string[])["crashed", "stopped"])
        {
            string part = Assert.Single(Directory.GetDirectories(_folder[store, "persona-fit"], "*.part"));
            Assert.True(File.Exists(Path.Combine(part, "checkpoint")));
            var rest = new List<WorkProgress>();
            using (PresentedPersonas.Of(set, _model, Options(store), new Listener(rest))) { }
            Assert.InRange(rest.Count(p => p.Stage == "fitting personas"), 2, steps.Count(p => p.Stage == "fitting personas") / 3);
            Assert.True(rest[0].Done > 1.5);
            Assert.Equal(Files("whole"), Files(store));
        }
        Assert.Equal(Files("whole"), Files("copied"));
        Assert.All(Files("whole").Keys, f => Assert.DoesNotMatch("checkpoint|[.](part|lock)", f));
        // Neither is a calibration computed again.
        var again = new List<WorkProgress>();
        using (PresentedPersonas.Of(set, _model, Options("whole"), new Listener(again))) { }
        Assert.Contains(steps, p => p.Stage == "calibrating");
        Assert.DoesNotContain(again, p => p.Stage == "calibrating" || p.Done < p.Total);
    }

    [Fact]
    public void A_checkpoint_of_other_settings_is_not_used_and_a_damaged_one_is_refused()
    {
        PersonaSet set = Set(given: Presentation.Vector);
        PresentationOptions other = Options("store") with { Fit = Quick with { Seed = 2 } };
        using (PresentedPersonas.Of(set, _model, Options("whole"))) { }
        using (PresentedPersonas.Of(set, _model, other with { Store = new ArtifactStore(_folder["other"]) })) { }
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() =>
            PresentedPersonas.Of(set, _model, Options("store"), new Watch(_ => stop.Cancel()), stop.Token));
        string part = Assert.Single(Directory.GetDirectories(_folder["store", "persona-fit"]));
        string checkpoint = Path.Combine(part, "checkpoint");
        byte[] sound = File.ReadAllBytes(checkpoint);

        using (PresentedPersonas.Of(set, _model, other)) { }
        Assert.Equal(sound, File.ReadAllBytes(checkpoint));
        Assert.All(Files("other").Keys, f => Assert.Contains(f, Files("store").Keys));

        File.WriteAllBytes(checkpoint, sound[..^9]);
        UserErrorException error = Assert.Throws<UserErrorException>(() => PresentedPersonas.Of(set, _model, Options("store")));
        Assert.Equal("corrupt-checkpoint", error.Code);
        Assert.Contains(checkpoint, error.Message, StringComparison.Ordinal);
        File.Delete(checkpoint);
        using (PresentedPersonas.Of(set, _model, Options("store"))) { }
        Assert.All(Files("whole").Concat(Files("other")), f => Assert.Equal(f.Value, Files("store")[f.Key]));
        Assert.Equal(Files("whole").Count + Files("other").Count, Files("store").Count);
    }

    private void Copy(string from, string to)
    {
        foreach (string file in Directory.GetFiles(_folder[from], "*", SearchOption.AllDirectories))
        {
            if (file.EndsWith(".lock", StringComparison.Ordinal)) continue;
            string place = _folder[to, Path.GetRelativePath(_folder[from], file)];
            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            File.Copy(file, place, overwrite: true);
        }
    }

    private SortedDictionary<string, string> Files(string store) => new(
        Directory.GetFiles(_folder[store], "*", SearchOption.AllDirectories)
            .ToDictionary(f => Path.GetRelativePath(_folder[store], f), f => Convert.ToHexString(File.ReadAllBytes(f))),
        StringComparer.Ordinal);

    [Fact]
    public void Examples_that_cannot_be_used_are_named()
    {
        PersonaSet set = new([], [new Persona("p", "human", "", NoTraits) { Examples = "none.jsonl" }]) { Folder = _folder.Path };
        UserErrorException error = Assert.Throws<UserErrorException>(() => PresentedPersonas.Of(set, _model));
        Assert.Contains("'p'", error.Message, StringComparison.Ordinal);
        File.WriteAllText(_folder["none.jsonl"],
            "{\"messages\":[{\"role\":\"user\",\"content\":\"w01\"},{\"role\":\"assistant\",\"content\":\"w02\"}]}\n");
        PersonaSet adapter = new([], [set.Personas[0] with { Given = Presentation.Adapter }]) { Folder = _folder.Path };
        Assert.Equal("few-examples", Assert.Throws<UserErrorException>(() => PresentedPersonas.Of(adapter, _model)).Code);
    }

    private sealed class Listener(List<WorkProgress> seen) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => seen.Add(value);
    }

    private sealed class Watch(Action<WorkProgress> at) : IProgress<WorkProgress>
    {
        public void Report(WorkProgress value) => at(value);
    }
}
