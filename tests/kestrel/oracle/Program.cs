using System.Reflection;
using System.Text.Json;
using Oracle;

// oracle                cases on stdin, answers on stdout, one JSON line each
// oracle once [ARG]...  one case: this process's own environment and the arguments
// oracle version        which ASP.NET Core answers
switch (args)
{
    case ["version"]:
        var version = typeof(WebApplication).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!;
        Console.WriteLine(version.InformationalVersion.Split('+')[0]);
        break;
    case ["once", .. var rest]:
        Write([await Kestrel.AskAsync(rest)]);
        break;
    default:
        while (Console.ReadLine() is { } line)
        {
            var question = JsonSerializer.Deserialize<Question>(line, Answer.Json)!;
            var answers = new List<Answer>();
            foreach (var reading in VariableNames.Readings(question.Env))
            {
                VariableNames.BecomeEnvironment(reading);
                answers.Add(await Kestrel.AskAsync(question.Args));
            }
            Write(answers);
        }
        break;
}

static void Write(List<Answer> answers) => Console.WriteLine(JsonSerializer.Serialize(answers, Answer.Json));
