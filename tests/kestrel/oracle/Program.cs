using System.Reflection;
using System.Text.Json;
using Oracle;

// oracle                        cases on stdin, answers on stdout, one JSON line each
// oracle once BUILDER [ARG]...  one case: this process's own environment and the arguments
// oracle version                which ASP.NET Core answers
switch (args)
{
    case ["version"]:
        var version = typeof(WebApplication).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!;
        Console.WriteLine(version.InformationalVersion.Split('+')[0]);
        break;
    case ["once", var builder, .. var rest]:
        Write(new() { [builder] = [await Kestrel.AskAsync(builder, rest)] });
        break;
    default:
        while (Console.ReadLine() is { } line)
        {
            var question = JsonSerializer.Deserialize<Question>(line, Answer.Json)!;
            var answers = new Dictionary<string, List<Answer>>();
            foreach (var builder in question.Builders)
            {
                answers[builder] = [];
                foreach (var reading in VariableNames.Readings(question.Env, builder))
                {
                    VariableNames.BecomeEnvironment([.. reading, VariableNames.NotWatching]);
                    answers[builder].Add(await Kestrel.AskAsync(builder, question.Args));
                }
            }
            Write(answers);
        }
        break;
}

static void Write(Dictionary<string, List<Answer>> answers) =>
    Console.WriteLine(JsonSerializer.Serialize(answers, Answer.Json));
