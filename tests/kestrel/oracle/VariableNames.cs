using System.Collections;
using System.Reflection;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Oracle;

/// <summary>
/// What configuration makes of the names of environment variables. The real provider is asked about
/// every name, alone in the environment, so that nothing here repeats its rules.
/// </summary>
static class VariableNames
{
    static readonly string[] Prefixes = ["", "ASPNETCORE_", "DOTNET_"];

    // IIS integration asks for these by name, so other spellings of them mean nothing; in the generic
    // host it asks the configuration first.
    static readonly string[] Exact = ["ASPNETCORE_PORT", "ASPNETCORE_APPL_PATH", "ASPNETCORE_TOKEN"];

    static readonly Dictionary<string, string[]> Known = [];

    /// <summary>Says nothing of addresses, but has no files watched: a machine has few inotify instances.</summary>
    public static readonly string[] NotWatching = ["DOTNET_hostBuilder__reloadConfigOnChange", "false"];

    /// <summary>Makes this process's environment exactly the given one.</summary>
    public static void BecomeEnvironment(IEnumerable<string[]> variables)
    {
        foreach (string name in Environment.GetEnvironmentVariables().Keys)
        {
            Environment.SetEnvironmentVariable(name, null);
        }
        foreach (var variable in variables)
        {
            Set(variable[0], variable[1]);
        }
    }

    /// <summary>Before .NET 9 an empty value deletes the variable, which a real environment may well have.</summary>
    static void Set(string name, string value)
    {
        Environment.SetEnvironmentVariable(name, value);
        if (value == "" && Environment.GetEnvironmentVariable(name) is null)
        {
            typeof(object).Assembly.GetType("Interop+Kernel32")!
                .GetMethod("SetEnvironmentVariable", BindingFlags.NonPublic | BindingFlags.Static)!
                .Invoke(null, [name, value]);
        }
    }

    /// <summary>
    /// Of two names that lead to one key the runtime picks one by the order of a hash table seeded anew
    /// in every process. So such an environment is read once for every choice.
    /// </summary>
    public static IEnumerable<string[][]> Readings(string[][] environment, string builder)
    {
        var clash = environment
            .Where(variable => builder == "host" || !Exact.Contains(variable[0]))
            .SelectMany(variable => LayerKeys(variable[0]), (variable, key) => (variable, key))
            .GroupBy(pair => pair.key, pair => pair.variable, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(spellings => spellings.Count() > 1);

        return clash is null
            ? [environment]
            : clash.SelectMany(chosen => Readings([.. environment.Where(v => v == chosen || !clash.Contains(v))], builder));
    }

    /// <summary>The variable that gives this provider the key.</summary>
    public static string Behind(IConfigurationProvider provider, string key) =>
        FindBehind(provider, Prefixes.Last(p => IsOf(p, provider)), key)!;

    /// <summary>The same; null if the provider is not the one of that prefix, or has no such variable.</summary>
    public static string? FindBehind(IConfigurationProvider provider, string prefix, string key) =>
        !IsOf(prefix, provider)
            ? null
            : CurrentEnvironment().Select(variable => variable[0])
                .FirstOrDefault(name => LayerKeys(name).Contains($"{prefix}|{key}", StringComparer.OrdinalIgnoreCase));

    // The provider keeps its prefix to itself, except here: "... Prefix: 'DOTNET_'".
    static bool IsOf(string prefix, IConfigurationProvider provider) =>
        provider is EnvironmentVariablesConfigurationProvider
        && (prefix == "" || provider.ToString()!.EndsWith($"'{prefix}'"));

    static string[][] CurrentEnvironment() =>
        [.. from DictionaryEntry entry in Environment.GetEnvironmentVariables()
            select new[] { (string)entry.Key, (string)entry.Value! }];

    /// <summary>The keys that a name leads to, each behind the prefix of its layer.</summary>
    static string[] LayerKeys(string name)
    {
        if (!Known.TryGetValue(name, out var keys))
        {
            var before = CurrentEnvironment();
            BecomeEnvironment([[name, "x"]]);
            keys = [.. Prefixes.SelectMany(p => new Reader(p).Keys.Select(key => $"{p}|{key}"))];
            BecomeEnvironment(before);
            Known[name] = keys;
        }
        return keys;
    }

    sealed class Reader : EnvironmentVariablesConfigurationProvider
    {
        public Reader(string prefix) : base(prefix) => Load();

        public IEnumerable<string> Keys => Data.Keys;
    }
}
