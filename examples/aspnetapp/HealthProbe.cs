/// <summary>Asks the app in this container whether it is well, as curl would if there were one.</summary>
internal static class HealthProbe
{
    public static async Task<bool> AskAsync()
    {
        var ports = Environment.GetEnvironmentVariable("ASPNETCORE_HTTP_PORTS") ?? "8080";
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        try
        {
            using var answer = await client.GetAsync($"http://localhost:{ports.Split(';')[0]}/healthz");
            return answer.IsSuccessStatusCode;
        }
        catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
        {
            Console.Error.WriteLine(error.Message);
            return false;
        }
    }
}
