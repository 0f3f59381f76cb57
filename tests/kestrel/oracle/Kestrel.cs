using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace Oracle;

/// <summary>A case, and the builders to try it with: "web", "slim", "host".</summary>
record Question(string[][] Env, string[] Args, string[] Builders);

/// <summary>
/// What came of a start. Result: "bound"; "in-use" or "unavailable" (the kernel said no to an address;
/// Listen still has all that Kestrel wanted); or "refused: CLASS".
/// </summary>
record Answer(string Result)
{
    public string[]? Listen { get; init; }

    /// <summary>The variables that decided, "argument" or "default".</summary>
    public string[]? From { get; init; }

    /// <summary>Addresses whose port is no number: Kestrel took 80 or 443 instead.</summary>
    public string[]? Fallback { get; init; }

    public string? Message { get; init; }

    public static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };
}

/// <summary>Starts an app as the templates write it and looks at what its server did.</summary>
static class Kestrel
{
    static readonly X509Certificate2 Certificate = SelfSigned();

    public static async Task<Answer> AskAsync(string builder, string[] args)
    {
        IHost app;
        try
        {
            app = builder switch
            {
                "web" => Web(args),
                "slim" => Slim(args),
                "host" => Generic(args),
                _ => throw new ArgumentException($"no such builder: {builder}"),
            };
        }
        catch (Exception e)
        {
            return Refused(e);
        }
        try
        {
            await app.StartAsync();
            var answer = Report(app.Services);
            await app.StopAsync();
            return answer;
        }
        catch (Exception e)
        {
            return Refused(e);
        }
        finally
        {
            await ((IAsyncDisposable)app).DisposeAsync();
        }
    }

    static IHost Web(string[] args)
    {
        var builder = WebApplication.CreateBuilder(args);
        Watch(builder.WebHost, builder.Logging);
        return builder.Build();
    }

    /// <summary>With https, which it leaves to the app to ask for.</summary>
    static IHost Slim(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.WebHost.UseKestrelHttpsConfiguration();
        Watch(builder.WebHost, builder.Logging);
        return builder.Build();
    }

    static IHost Generic(string[] args) =>
        Host.CreateDefaultBuilder(args)
            .ConfigureLogging(logging => logging.ClearProviders())
            .ConfigureWebHostDefaults(web =>
            {
                Watch(web, null);
                web.Configure(_ => { });
            })
            .Build();

    static void Watch(IWebHostBuilder web, ILoggingBuilder? logging)
    {
        logging?.ClearProviders();
        // A default for https that says nothing about addresses: without one Kestrel would not bind.
        web.ConfigureKestrel(o => o.ConfigureHttpsDefaults(h => h.ServerCertificate = Certificate));
        web.ConfigureServices(services =>
        {
            services.AddSingleton<RecordingTransport>();
            services.AddSingleton<IConnectionListenerFactory>(s => s.GetRequiredService<RecordingTransport>());
            services.AddSingleton<HostAddresses>();
            services.AddSingleton<IStartupFilter>(s => s.GetRequiredService<HostAddresses>());
        });
    }

    static Answer Report(IServiceProvider services)
    {
        var transport = services.GetRequiredService<RecordingTransport>();
        var host = services.GetRequiredService<HostAddresses>();
        var bound = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        var addresses = host.Effective();
        var fallbacks = addresses.Select(a => a.Url).Where(HostAddresses.IsFallback).ToArray();
        var origins = addresses.Select(a => a.Key).Distinct().Select(host.Origin).Distinct().ToArray();

        return new(transport.InUse ? "in-use" : transport.Unavailable ? "unavailable" : "bound")
        {
            Listen = [.. bound.Select(Describe)],
            From = origins.Length > 0 ? origins : ["default"],
            Fallback = fallbacks.Length > 0 ? fallbacks : null,
        };
    }

    /// <summary>An address that Kestrel says it listens on, in the words of the shim's listen line.</summary>
    static string Describe(string url)
    {
        // Before parsing: Kestrel can listen on the path "/" and then not read its own address.
        if (url.Contains("://unix:/"))
        {
            return $"socket {url.Split(':')[0]}";
        }
        var address = BindingAddress.Parse(url);
        var host = !IPAddress.TryParse(address.Host, out var ip) ? ' ' + address.Host
            : ip.Equals(IPAddress.IPv6Any) ? ""
            : $" {ip}";
        return $"{address.Port} {address.Scheme}{host}";
    }

    static Answer Refused(Exception e) =>
        new("refused: " + Classify(e)) { Message = $"{e.GetType().Name}: {e.Message.Split('\n')[0]}" };

    static string Classify(Exception e) => e switch
    {
        FormatException when e.Message.StartsWith("Invalid url") => "invalid-url",
        FormatException when e.Message.Contains("switch mappings") => "switch-mapping",
        InvalidOperationException when e.Message.StartsWith("Unrecognized scheme") => "scheme",
        InvalidOperationException when e.Message.StartsWith("A path base") => "path-base",
        InvalidOperationException when e.Message.Contains("required 'Url'") => "missing-url",
        InvalidOperationException when e.Message.StartsWith("Dynamic port") => "dynamic-localhost",
        ArgumentOutOfRangeException { ParamName: "port" } => "port-range",
        // An empty path, and one that is too long for a socket address.
        ArgumentOutOfRangeException { ParamName: "length" or "path" } => "socket-path",
        PlatformNotSupportedException => "pipe",
        _ => "other",
    };

    static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddYears(1));
    }
}
