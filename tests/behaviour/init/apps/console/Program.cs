// A program without a host: it knows nothing of signals. It answers "ping" with "pong", crashes on
// "crash", and ends when stdin does.

Console.WriteLine($"ready {Environment.ProcessId}");

while (Console.ReadLine() is { } line)
{
    if (line == "crash")
    {
        throw new InvalidOperationException("as asked");
    }

    Console.WriteLine("pong");
}
