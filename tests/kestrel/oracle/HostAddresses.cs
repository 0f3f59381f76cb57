using System.Net;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Oracle;

/// <summary>
/// The address strings that Kestrel works from, and where they came from. A startup filter sees what
/// the host chose: it runs after the host has filled the feature, before Kestrel overwrites it.
/// </summary>
sealed class HostAddresses(IConfiguration configuration) : IStartupFilter
{
    /// <summary>The generic host's own settings, asked where those of the app are empty.</summary>
    const string HostUrls = "urls of the host";

    string[] _urls = [];
    bool _preferred;

    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        var feature = app.ServerFeatures.Get<IServerAddressesFeature>()!;
        _urls = [.. feature.Addresses];
        _preferred = feature.PreferHostingUrls;
        next(app);
    };

    /// <summary>The addresses that count, each with its configuration key.</summary>
    public (string Url, string Key)[] Effective()
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren();
        if (endpoints.Any() && !(_preferred && _urls.Length > 0))
        {
            return [.. endpoints.Select(e => (e["Url"]!, e.Path + ":Url"))];
        }
        return [.. _urls.Select(url => (url, HostingKey(url)))];
    }

    string HostingKey(string url)
    {
        if (!string.IsNullOrEmpty(configuration["urls"]))
        {
            return "urls";
        }
        var key = url.StartsWith("https:") ? "https_ports" : "http_ports";
        var ports = (configuration[key] ?? "").Split(';', StringSplitOptions.TrimEntries);
        return ports.Any(port => url == $"{key[..key.IndexOf('_')]}://*:{port}") ? key : HostUrls;
    }

    /// <summary>The variable that decided, or "argument".</summary>
    public string Origin(string key)
    {
        if (key == HostUrls)
        {
            return HostOrigin();
        }
        var provider = Providers(configuration).Select(p => Find(p, key)).Last(p => p is not null);
        // IIS integration writes its own urls: over every layer, or, in the generic host, over one.
        if (key == "urls" && provider!.TryGet("UseIISIntegration", out _))
        {
            return VariableNames.FindBehind(provider, "ASPNETCORE_", "PORT") ?? "ASPNETCORE_PORT";
        }
        return provider switch
        {
            CommandLineConfigurationProvider => "argument",
            EnvironmentVariablesConfigurationProvider => VariableNames.Behind(provider, key),
            _ => throw new InvalidOperationException($"{key} comes from {provider}"),
        };
    }

    /// <summary>
    /// The same of the host's own urls. They were read before IIS integration wrote over them, so the
    /// environment is asked which variable says what was read.
    /// </summary>
    string HostOrigin()
    {
        string[] names = ["ASPNETCORE_", "DOTNET_"];
        var behind = Leaves(configuration)
            .SelectMany(provider => names.Select(prefix => VariableNames.FindBehind(provider, prefix, "urls")))
            .OfType<string>()
            .Where(name => Split(Environment.GetEnvironmentVariable(name)!).SequenceEqual(_urls))
            .ToArray();
        return behind.FirstOrDefault(name => name.StartsWith("ASPNETCORE_", StringComparison.OrdinalIgnoreCase))
            ?? behind.FirstOrDefault()
            ?? "argument";
    }

    static string[] Split(string urls) => urls.Split(';', StringSplitOptions.RemoveEmptyEntries);

    static IEnumerable<IConfigurationProvider> Leaves(IConfiguration root) =>
        Providers(root).SelectMany(p => p is ChainedConfigurationProvider chained ? Leaves(chained.Configuration) : [p]);

    static IEnumerable<IConfigurationProvider> Providers(IConfiguration root) => ((IConfigurationRoot)root).Providers;

    /// <summary>The provider itself, or the one in its chain, that has the key; null if none has.</summary>
    static IConfigurationProvider? Find(IConfigurationProvider provider, string key) =>
        !provider.TryGet(key, out _) ? null
        : provider is ChainedConfigurationProvider { Configuration: IConfigurationRoot root }
            ? root.Providers.Select(p => Find(p, key)).Last(p => p is not null)
        : provider;

    /// <summary>Whether Kestrel took port 80 or 443 because the port's text is not a number.</summary>
    public static bool IsFallback(string url)
    {
        var address = BindingAddress.Parse(url);
        var authority = url[(url.IndexOf("://") + 3)..].Split('/')[0];
        if (address.IsUnixPipe || address.IsNamedPipe || address.Host != authority || !authority.Contains(':'))
        {
            return false;
        }
        // "[::1]" and "fe80::a" have colons of their own; "[::1]:x" is an address and a broken port.
        return !IPAddress.TryParse(authority, out _) || authority.Contains("]:");
    }
}
