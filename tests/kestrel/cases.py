"""Cases: an environment and arguments. On disk one JSON object a line, after a line that says who answered."""

import json
from dataclasses import dataclass, field


@dataclass
class Case:
    env: list  # "NAME=value"; names may repeat; odd bytes as Python's surrogate escapes
    args: list
    topic: str = ""
    answers: list = field(default_factory=list)

    def variables(self):
        """(name, value) for each entry of the environment."""
        return [tuple(entry.split("=", 1)) for entry in self.env]

    def needs_own_process(self):
        """A running .NET process cannot be given a name twice, or bytes that are not UTF-8."""
        names = [name for name, _ in self.variables()]
        odd = any("\udc80" <= letter <= "\udcff" for text in self.env + self.args for letter in text)
        return odd or "" in names or len(set(names)) < len(names)

    def to_json(self):
        fields = {"topic": self.topic, "env": self.env, "args": self.args, "answers": self.answers}
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
    """The version of ASP.NET Core that answered, and the cases."""
    with open(path, encoding="utf-8") as lines:
        header = json.loads(next(lines))
        cases = []
        for line in lines:
            fields = json.loads(line)
            case = Case(fields["env"], fields.get("args", []))
            case.topic, case.answers = fields["topic"], fields.get("answers", [])
            cases.append(case)
    return header["recorded_from"], cases


def save(path, version, cases):
    with open(path, "w", encoding="utf-8") as out:
        print(json.dumps({"recorded_from": version}), file=out)
        for case in cases:
            print(case.to_json(), file=out)
