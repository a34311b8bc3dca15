using PersonaSelection.Corpus;
using PersonaSelection.Lab;
using PersonaSelection.Model;
using Xunit;

namespace PersonaSelection.Tests.Rooms.ModelTests;

/// <summary>A client in a program whose threads have a synchronization context, as those of windows do.</summary>
public sealed class EndpointContextTests
{
    private const string Hello = """{"choices":[{"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}]}""";

    [Fact]
    public void Waiting_NeverNeedsTheCallersContext()
    {
        using var server = new EndpointServer(r => r.Number == 0 ? new ServerReply(500, "{}") : ServerReply.Ok(Hello));
        using var client = new EndpointClient(EndpointAddress.Parse(server.Url, "m"), null, new EndpointSettings(), null,
            new ImpatientClock());
        SynchronizationContext? before = SynchronizationContext.Current;
        var context = new CountingContext();
        SynchronizationContext.SetSynchronizationContext(context);
        try
        {
            // What a window's thread waits for must not wait for that thread.
            Assert.Throws<UserErrorException>(() => EndpointModel.Open(client));
            Assert.Equal("hello", new EndpointChat(client).Ask([new ChatQuestion([new Turn("user", "q")])])[0][0].Text);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(before);
        }
        Assert.Equal(0, context.Posted);
    }

    /// <summary>Counts what would have had to run on the caller's thread, and runs it elsewhere so that nothing waits for ever.</summary>
    private sealed class CountingContext : SynchronizationContext
    {
        private int _posted;

        public int Posted => Volatile.Read(ref _posted);

        public override void Post(SendOrPostCallback d, object? state)
        {
            Interlocked.Increment(ref _posted);
            ThreadPool.QueueUserWorkItem(_ => d(state));
        }
    }
}
