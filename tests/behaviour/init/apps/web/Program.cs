// An app as ASP.NET Core's templates make it. A request to /slow is answered only once the app has
// been asked to end.

var builder = WebApplication.CreateBuilder(args);
builder.Logging.ClearProviders();
var app = builder.Build();

app.MapGet("/slow", async (IHostApplicationLifetime lifetime) =>
{
    var stopping = new TaskCompletionSource();
    using var registration = lifetime.ApplicationStopping.Register(stopping.SetResult);
    Console.WriteLine("in flight");
    await stopping.Task;
    return "answered";
});

await app.StartAsync();
Console.WriteLine($"listening {app.Urls.First()}");
Console.WriteLine($"ready {Environment.ProcessId}");
await app.WaitForShutdownAsync();
Console.WriteLine("stopped");
