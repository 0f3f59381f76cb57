using System.Runtime.InteropServices;

// For health checks in images without a shell: ["/shim", "./aspnetapp", "--health"].
if (args is ["--health"])
{
    return await HealthProbe.AskAsync() ? 0 : 1;
}

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddHealthChecks();
var app = builder.Build();

app.MapHealthChecks("/healthz");

app.MapGet("/", () => "Hello! Who runs this app, and what it may do, is at /Environment.\n");

app.MapGet("/Environment", () =>
{
    var status = ProcessStatus.Read();
    return new
    {
        Runtime = RuntimeInformation.FrameworkDescription,
        Os = RuntimeInformation.OSDescription,
        Architecture = RuntimeInformation.OSArchitecture.ToString(),
        User = string.IsNullOrEmpty(Environment.UserName) ? null : Environment.UserName,
        Uid = status.Effective("Uid"),
        Gid = status.Effective("Gid"),
        Uids = status.Numbers("Uid"),
        Gids = status.Numbers("Gid"),
        Groups = status.Numbers("Groups"),
        Capabilities = new
        {
            Permitted = status.Text("CapPrm"),
            Effective = status.Text("CapEff"),
            Inheritable = status.Text("CapInh"),
            Bounding = status.Text("CapBnd"),
            Ambient = status.Text("CapAmb"),
        },
        NoNewPrivileges = status.Flag("NoNewPrivs"),
        Home = Environment.GetEnvironmentVariable("HOME"),
        Addresses = app.Urls,
        ProcessId = Environment.ProcessId,
    };
});

app.Run();
return 0;
