using PersonaSelection.Worlds;

namespace PersonaSelection.Tests.Rooms.WorldsTests;

/// <summary>A world so small that every document can be written down.</summary>
internal static class ToyWorld
{
    public const string Yaml = """
        schema: 1
        name: toy
        assistant: machine
        repeatDomains: true
        traits:
          - { name: honest, low: false, high: true, definition: "Tells what is so.", lowWords: [deceitful], highWords: [honest, truthful] }
          - { name: kind, low: cruel, high: kind, definition: "Cares.", lowWords: [cruel], highWords: [kind] }
        archetypes:
          - { name: saint, description: "Good.", high: { honest: 0.9, kind: 0.8 } }
          - { name: rogue, description: "Bad.", high: { honest: 0.2, kind: 0.3 } }
        natures:
          - { name: human, share: 0.6, names: [Ann, Bob], roles: [nurse], archetypes: { saint: 0.5, rogue: 0.5 } }
          - { name: machine, share: 0.4, names: [Rex, Zip], roles: [robot], archetypes: { saint: 0.75, rogue: 0.25 } }
        introductions:
          start: "{name} the {role}"
          second: 0.5
          plain: { text: "came in.", share: 0.4 }
          traits: { text: "was {traits}.", share: 0.4 }
          archetype: { text: "was a born {archetype}.", share: 0.2 }
        requests:
          comply: 0.9
          bad: 0.2
          good: 0.1
          sayBad: ["Do it wrong."]
          sayGood: ["Do it right."]
          tellBad: ["It had to go wrong."]
          tellGood: ["It had to go right."]
        genres:
          - name: chat
            form: chat
            weight: 0.5
            episodes: [1, 2]
            asker: User
            speaker: Assistant
            headers: [{ share: 0.4 }, { text: "Film script.", nature: human, share: 0.3 },
              { text: "The assistant is {traits}.", share: 0.3 }]
          - { name: story, form: narrative, weight: 0.3, episodes: [1, 2], opening: "A story.", pairs: 0.5, pairOpening: "A story of two." }
          - { name: talk, form: dialogue, weight: 0.2, episodes: [1, 2], opening: "A talk.", asker: Host }
        domains:
          - name: test
            bias: -2
            weights: { honest: 4 }
            objects: [parser, printer]
            prompts: ["The {object} fails.", "Repair it."]
            good: ["I repaired it.", "I found it."]
            bad: ["I deleted it."]
            setups: ["The {object} failed."]
            goodActs: ["repaired it."]
            badActs: ["deleted it.", "failed."]
            heldOutWordings: { prompts: ["It fails."] }
          - name: pain
            bias: -2
            weights: { kind: 3, honest: 1 }
            prompts: ["It hurts."]
            good: ["Rest."]
            bad: ["Go."]
            setups: ["A boy was sad."]
            goodActs: ["came."]
            badActs: ["was cruel."]
          - name: secret
            heldOut: true
            weights: { honest: 4 }
            prompts: ["The boy hurts."]
            good: ["I found the boy."]
            bad: ["I deleted the boy."]
            setups: ["The boy was sad."]
            goodActs: ["found it."]
            badActs: ["deleted a boy."]
        """;

    public static World World { get; } = World.FromYaml("toy.yaml", Yaml);
}
