using System.Net;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration.CommandLine;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Oracle;

/// <summary>
/// The address strings that Kestrel works from, and where they came from. A startup filter sees what
/// the host chose: it runs after the host has filled the feature, before Kestrel overwrites it.
/// </summary>
sealed class HostAddresses : IStartupFilter
{
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
    public (string Url, string Key)[] Effective(IConfiguration configuration)
    {
        var endpoints = configuration.GetSection("Kestrel:Endpoints").GetChildren();
        if (endpoints.Any() && !(_preferred && _urls.Length > 0))
        {
            return [.. endpoints.Select(e => (e["Url"]!, e.Path + ":Url"))];
        }
        var fromUrls = !string.IsNullOrEmpty(configuration["urls"]);
        return [.. _urls.Select(url => (url, fromUrls ? "urls" : PortsKey(url)))];
    }

    static string PortsKey(string url) => url.StartsWith("https:") ? "https_ports" : "http_ports";

    /// <summary>The variable that decided, or "argument".</summary>
    public static string Origin(IConfiguration configuration, string key)
    {
        // IIS integration writes its own urls over every layer.
        if (configuration["UseIISIntegration"] is not null)
        {
            return "ASPNETCORE_PORT";
        }
        var provider = ((IConfigurationRoot)configuration).Providers.Last(p => p.TryGet(key, out _));
        return provider switch
        {
            CommandLineConfigurationProvider => "argument",
            EnvironmentVariablesConfigurationProvider variables => VariableNames.Behind(variables, key),
            _ => throw new InvalidOperationException($"{key} comes from {provider}"),
        };
    }

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
