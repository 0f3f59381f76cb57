using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Connections;

namespace Oracle;

record Question(string[][] Env, string[] Args);

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

    public static async Task<Answer> AskAsync(string[] args)
    {
        var host = new HostAddresses();
        WebApplication app;
        try
        {
            app = Build(args, host);
        }
        catch (Exception e)
        {
            return Refused(e);
        }
        await using (app)
        {
            try
            {
                await app.StartAsync();
            }
            catch (Exception e)
            {
                return Refused(e);
            }
            var answer = Report(app, host);
            await app.StopAsync();
            return answer;
        }
    }

    static WebApplication Build(string[] args, HostAddresses host)
    {
        var builder = WebApplication.CreateBuilder(args);
        builder.Logging.ClearProviders();
        // A default for https that says nothing about addresses: without one Kestrel would not bind.
        builder.WebHost.ConfigureKestrel(o => o.ConfigureHttpsDefaults(h => h.ServerCertificate = Certificate));
        builder.Services.AddSingleton<RecordingTransport>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(s => s.GetRequiredService<RecordingTransport>());
        builder.Services.AddSingleton<IStartupFilter>(host);
        return builder.Build();
    }

    static Answer Report(WebApplication app, HostAddresses host)
    {
        var transport = app.Services.GetRequiredService<RecordingTransport>();
        var addresses = host.Effective(app.Configuration);
        var fallbacks = addresses.Select(a => a.Url).Where(HostAddresses.IsFallback).ToArray();
        var origins = addresses.Select(a => a.Key).Distinct()
            .Select(key => HostAddresses.Origin(app.Configuration, key)).Distinct().ToArray();

        return new(transport.InUse ? "in-use" : transport.Unavailable ? "unavailable" : "bound")
        {
            Listen = [.. app.Urls.Select(Describe)],
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
