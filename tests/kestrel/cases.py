"""Cases: an environment and arguments. On disk one JSON object a line, after a line that says who answered."""

import json
from dataclasses import dataclass, field

# What an app may be made with: CreateBuilder, CreateSlimBuilder, ConfigureWebHostDefaults.
BUILDERS = ["web", "slim", "host"]


@dataclass
class Case:
    env: list  # "NAME=value"; names may repeat; odd bytes as Python's surrogate escapes
    args: list
    topic: str = ""
    answers: dict = field(default_factory=dict)  # by builder, each a list
    later: dict = field(default_factory=dict)  # the same of a later version, by its number

    def variables(self):
        """(name, value) for each entry of the environment."""
        return [tuple(entry.split("=", 1)) for entry in self.env]

    def needs_own_process(self):
        """A running .NET process cannot be given a name twice, or bytes that are not UTF-8."""
        names = [name for name, _ in self.variables()]
        odd = any("\udc80" <= letter <= "\udcff" for text in self.env + self.args for letter in text)
        return odd or "" in names or len(set(names)) < len(names)

    def of_any_version(self):
        """The answers of all versions together: the shim does not know which one there is."""
        together = {}
        for builder in BUILDERS:
            several = [self.answers[builder], *(answers[builder] for answers in self.later.values())]
            together[builder] = [answer for number, answers in enumerate(several)
                                 if answers not in several[:number] for answer in answers]
        return together

    def to_json(self):
        """The answers of CreateBuilder; those of another builder, or a later version, where they are others."""
        fields = {"topic": self.topic, "env": self.env, "args": self.args, "answers": self.answers["web"]}
        for builder in BUILDERS[1:]:
            if self.answers[builder] != self.answers["web"]:
                fields[builder] = self.answers[builder]
        for version, answers in self.later.items():
            fields.update({f"{builder} {version}": answers[builder] for builder in BUILDERS
                           if answers[builder] != self.answers[builder]})
        return json.dumps({name: value for name, value in fields.items() if value or name == "env"})

    def __str__(self):
        return json.dumps(self.env) + (" " + json.dumps(self.args) if self.args else "")


class Environment(list):
    """What subprocess takes for an environment, but repeated names survive."""

    def __init__(self, case):
        super().__init__((to_bytes(name), to_bytes(value)) for name, value in case.variables())

    def items(self):
        return self


def to_bytes(text):
    return text.encode("utf-8", "surrogateescape")


def load(path):
    """The versions of ASP.NET Core that answered, by number, the older first, and the cases."""
    with open(path, encoding="utf-8") as lines:
        versions = json.loads(next(lines))["recorded_from"]
        cases = []
        for line in lines:
            fields = json.loads(line)
            case = Case(fields["env"], fields.get("args", []), fields["topic"])
            answers = fields.get("answers", [])
            case.answers = {builder: fields.get(builder, answers) for builder in BUILDERS}
            for version in list(versions)[1:]:
                case.later[version] = {builder: fields.get(f"{builder} {version}", case.answers[builder])
                                       for builder in BUILDERS}
            cases.append(case)
    return versions, cases


def save(path, versions, cases):
    with open(path, "w", encoding="utf-8") as out:
        print(json.dumps({"recorded_from": versions}), file=out)
        for case in cases:
            print(case.to_json(), file=out)
