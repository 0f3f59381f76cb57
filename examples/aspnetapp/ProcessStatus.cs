/// <summary>
/// What the kernel itself says about this process: the fields of /proc/self/status, by name.
/// A field that the kernel does not show is null.
/// </summary>
internal sealed class ProcessStatus
{
    private readonly Dictionary<string, string> fields;

    private ProcessStatus(Dictionary<string, string> fields) => this.fields = fields;

    public static ProcessStatus Read()
    {
        try
        {
            return new(File.ReadLines("/proc/self/status")
                .Select(line => line.Split(':', 2))
                .Where(pair => pair.Length == 2)
                .ToDictionary(pair => pair[0], pair => pair[1].Trim()));
        }
        catch (IOException)
        {
            return new([]); // no /proc here
        }
    }

    public string? Text(string name) => fields.GetValueOrDefault(name);

    public bool? Flag(string name) => Text(name) is { } text ? text == "1" : null;

    public long[]? Numbers(string name) =>
        Text(name)?.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries).Select(long.Parse).ToArray();

    /// <summary>Uid and Gid are four numbers: real, effective, saved, file system.</summary>
    public long? Effective(string name) => Numbers(name)?[1];
}
