using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Tunnel.Wire.Identity;

namespace Tunnel.Relay.Tests.Hosting;

public sealed class EnrolmentNoticeTests
{
    [Fact]
    public async Task A_hub_that_lets_nobody_in_says_so_and_what_to_do()
    {
        var said = Assert.Single(await NoticesAsync());

        Assert.Contains("DevelopmentEnrolment is off", said);
        Assert.Contains("it knows 0", said);
        Assert.Contains("Tunnel:Relay:AuthorizedKeys", said);
    }

    [Fact]
    public async Task Enrolment_without_effect_is_told_though_a_key_is_known()
    {
        var said = Assert.Single(await NoticesAsync(
            ("DevelopmentEnrolment", "true"), ("PublicUrl", "http://192.0.2.7:6100"), ("AuthorizedKeys:0", SigningKey.Create().PublicKey.Text)));

        Assert.Contains("192.0.2.7", said);
        Assert.Contains("it knows 1", said);
    }

    [Fact]
    public async Task A_hub_that_agents_can_use_says_nothing()
    {
        Assert.Empty(await NoticesAsync(("DevelopmentEnrolment", "true")));
        Assert.Empty(await NoticesAsync(("AuthorizedKeys:0", SigningKey.Create().PublicKey.Text)));
    }

    private static async Task<IReadOnlyCollection<string>> NoticesAsync(params (string Name, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("tunnel-relay-");
        try
        {
            using var notices = new Notices();
            var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Development", ContentRootPath = folder.FullName });
            builder.Logging.ClearProviders().AddProvider(notices);
            builder.WebHost.UseUrls("http://127.0.0.1:0");
            builder.Configuration.AddInMemoryCollection(
                settings.Select(setting => KeyValuePair.Create("Tunnel:Relay:" + setting.Name, (string?)setting.Value)));
            await using var app = builder.Build();
            app.UseTunnelRelay();
            await app.StartAsync(TestContext.Current.CancellationToken);
            return [.. notices.Said];
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private sealed class Notices : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Said { get; } = new();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == 110)
            {
                Said.Enqueue(formatter(state, exception));
            }
        }

        public void Dispose()
        {
        }
    }
}
