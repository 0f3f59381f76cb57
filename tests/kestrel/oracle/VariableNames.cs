using System.Collections;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace Oracle;

/// <summary>
/// What configuration makes of the names of environment variables. The real provider is asked about
/// every name, alone in the environment, so that nothing here repeats its rules.
/// </summary>
static class VariableNames
{
    static readonly string[] Prefixes = ["", "ASPNETCORE_", "DOTNET_"];

    // IIS integration asks for these by name, so other spellings of them mean nothing.
    static readonly string[] Exact = ["ASPNETCORE_PORT", "ASPNETCORE_APPL_PATH", "ASPNETCORE_TOKEN"];

    static readonly Dictionary<string, string[]> Known = [];

    /// <summary>Makes this process's environment exactly the given one.</summary>
    public static void BecomeEnvironment(IEnumerable<string[]> variables)
    {
        foreach (string name in Environment.GetEnvironmentVariables().Keys)
        {
            Environment.SetEnvironmentVariable(name, null);
        }
        foreach (var variable in variables)
        {
            Environment.SetEnvironmentVariable(variable[0], variable[1]);
        }
    }

    /// <summary>
    /// Of two names that lead to one key the runtime picks one by the order of a hash table seeded anew
    /// in every process. So such an environment is read once for every choice.
    /// </summary>
    public static IEnumerable<string[][]> Readings(string[][] environment)
    {
        var clash = environment
            .Where(variable => !Exact.Contains(variable[0]))
            .SelectMany(variable => LayerKeys(variable[0]), (variable, key) => (variable, key))
            .GroupBy(pair => pair.key, pair => pair.variable, StringComparer.OrdinalIgnoreCase)
            .FirstOrDefault(spellings => spellings.Count() > 1);

        return clash is null
            ? [environment]
            : clash.SelectMany(chosen => Readings([.. environment.Where(v => v == chosen || !clash.Contains(v))]));
    }

    /// <summary>The variable that gives this provider the key.</summary>
    public static string Behind(EnvironmentVariablesConfigurationProvider provider, string key)
    {
        // The provider keeps its prefix to itself, except here: "... Prefix: 'DOTNET_'".
        var wanted = Prefixes.Last(p => p == "" || provider.ToString().EndsWith($"'{p}'")) + '|' + key;
        return CurrentEnvironment().Select(variable => variable[0])
            .First(name => LayerKeys(name).Contains(wanted, StringComparer.OrdinalIgnoreCase));
    }

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
