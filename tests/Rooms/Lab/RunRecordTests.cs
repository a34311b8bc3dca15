using PersonaSelection.Lab;
using Xunit;

namespace PersonaSelection.Tests.Rooms.LabTests;

public sealed class RunRecordTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly Clock _clock = new();

    private string Record => _folder["run.json"];

    public void Dispose() => _folder.Dispose();

    private RunRecorder Start() => new(Record, "model train", new Dictionary<string, string> { ["--seed"] = "7" }, _clock);

    [Fact]
    public void A_killed_run_leaves_a_record_that_says_running()
    {
        RunRecorder recorder = Start();
        recorder.InForce("seed", 7);
        using (recorder.Time("pre-training")) _clock.Now += TimeSpan.FromSeconds(2.5);
        RunRecord read = RunRecord.Load(Record);
        Assert.Equal(RunStatus.Running, read.Status);
        Assert.Null(read.EndedAt);
        Assert.Equal(new RunTiming("pre-training", 2.5), Assert.Single(read.Timings));
        Assert.Equal("7", read.InForce["seed"]);
    }

    [Fact]
    public void A_run_that_ends_says_how()
    {
        RunRecorder recorder = Start();
        Assert.True(recorder.Check("inference", true, "r2 0.81"));
        recorder.From("corpus", "corpus-1");
        recorder.Made("model", "model-2");
        _clock.Now += TimeSpan.FromSeconds(9);
        recorder.End();
        RunRecord read = RunRecord.Load(Record);
        Assert.Equal(RunStatus.Done, read.Status);
        Assert.Equal(TimeSpan.FromSeconds(9), read.EndedAt - read.StartedAt);
        Assert.Equal("model-2", read.Made["model"]);
        Assert.Equal(recorder.Record.Id, read.Id);
        Assert.Equal(MachineFacts.Here(), read.Machine);
        recorder.Dispose();
        Assert.Equal(RunStatus.Done, RunRecord.Load(Record).Status);
    }

    [Fact]
    public void A_failed_check_and_a_thrown_error_are_not_done()
    {
        using (RunRecorder recorder = Start())
        {
            Assert.False(recorder.Check("inference", false, "r2 0.2"));
            Assert.Equal(RunStatus.ChecksFailed, recorder.End().Status);
        }
        Start().Dispose();
        Assert.Equal(RunStatus.Failed, RunRecord.Load(Record).Status);
        using (RunRecorder recorder = Start()) recorder.End(RunStatus.Cancelled);
        Assert.Contains("\"status\": \"cancelled\"", File.ReadAllText(Record), StringComparison.Ordinal);
    }

    [Fact]
    public void The_id_is_that_of_the_computation()
    {
        RunRecord Make(string typed, int seed, string parent)
        {
            using RunRecorder recorder = new(Record, "model train", new Dictionary<string, string> { ["--seed"] = typed }, _clock);
            _clock.Now += TimeSpan.FromHours(1);
            recorder.InForce("seed", seed);
            recorder.From("corpus", parent);
            return recorder.End();
        }
        Assert.Equal(Make("7", 7, "a").Id, Make("0x7", 7, "a").Id);
        Assert.NotEqual(Make("7", 7, "a").Id, Make("7", 8, "a").Id);
        Assert.NotEqual(Make("7", 7, "a").Id, Make("7", 7, "b").Id);
    }

    [Fact]
    public void Another_file_is_no_record()
    {
        File.WriteAllText(Record, """{"schema":1,"command":"x"}""");
        Assert.Equal("bad-run-record", Assert.Throws<UserErrorException>(() => RunRecord.Load(Record)).Code);
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;

        public override long GetTimestamp() => Now.UtcTicks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;
    }
}
