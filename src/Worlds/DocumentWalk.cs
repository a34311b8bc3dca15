namespace PersonaSelection.Worlds;

/// <summary>What a document decides next.</summary>
internal enum Step
{
    /// <summary>Genre, header or number of characters.</summary>
    Opening,
    /// <summary>Who comes in.</summary>
    Name,
    /// <summary>What is said of who came in.</summary>
    Introduction,
    /// <summary>A second adjective, or the full stop.</summary>
    SecondTrait,
    /// <summary>In dialogues: the end, or the asker's label.</summary>
    Continue,
    /// <summary>What comes up; in narratives also the end.</summary>
    Situation,
    /// <summary>Whether one act is asked for, and who acts.</summary>
    Ask,
    /// <summary>The act.</summary>
    Act,
    /// <summary>Nothing: the document is over.</summary>
    End,
}

/// <summary>One character of a document, as far as the document tells.</summary>
internal sealed class CastMember(int size)
{
    public int Name = -1;
    public int Role;
    public int Nature;
    /// <summary>The archetype that the document names, or -1.</summary>
    public int Revealed = -1;
    /// <summary>P(character | the document so far), one entry per character of the space.</summary>
    public readonly double[] Belief = new double[size];

    public void Follow(CastMember other)
    {
        (Name, Role, Nature, Revealed) = (other.Name, other.Role, other.Nature, other.Revealed);
        other.Belief.CopyTo(Belief, 0);
    }
}

/// <summary>
/// Where a document stands: which <see cref="Choice"/> is next, how probable each alternative is given everything before, and what is
/// believed of each character. Generator, oracle and exact inference all walk this way.
/// </summary>
internal sealed class DocumentWalk
{
    private readonly Grammar _grammar;
    private readonly bool _believing;
    private ulong _used;
    private int _introducing;
    private int _firstTrait;

    /// <param name="grammar">The world.</param>
    /// <param name="believing">False leaves beliefs alone, for those who only want documents.</param>
    public DocumentWalk(Grammar grammar, bool believing)
    {
        (_grammar, _believing) = (grammar, believing);
        Cast = [new CastMember(grammar.Space.Size), new CastMember(grammar.Space.Size)];
    }

    public Step Step { get; private set; }
    public int Genre { get; private set; }
    public int Header { get; private set; } = -1;
    public bool Pair { get; private set; }
    public CastMember[] Cast { get; }
    public int Episodes { get; private set; }
    public int Domain { get; private set; }
    public int Wording { get; private set; }
    /// <summary>0 nothing asked, 1 the bad act, 2 the good one.</summary>
    public int Request { get; private set; }
    public int Actor { get; private set; }
    public int Introducing => _introducing;
    public GenreForm Form => _grammar.Definition.Genres[Genre].Form;

    /// <summary>Back to the beginning.</summary>
    public void Restart()
    {
        (Step, Header, Pair, Episodes, _used, _introducing) = (Step.Opening, -1, false, 0, 0, 0);
        Cast[0].Name = Cast[1].Name = -1;
    }

    /// <summary>Takes the place of another walk in the same world.</summary>
    public void Follow(DocumentWalk other)
    {
        (Step, Genre, Header, Pair, Episodes) = (other.Step, other.Genre, other.Header, other.Pair, other.Episodes);
        (Domain, Wording, Request, Actor) = (other.Domain, other.Wording, other.Request, other.Actor);
        (_used, _introducing, _firstTrait) = (other._used, other._introducing, other._firstTrait);
        for (int i = 0; i < 2; i++) Cast[i].Follow(other.Cast[i]);
    }

    /// <summary>The choice that is next.</summary>
    public Choice Next() => Step switch
    {
        Step.Opening => _grammar.Opening,
        Step.Name => _grammar.Name,
        Step.Introduction => Form == GenreForm.Chat ? _grammar.HeaderTrait : _grammar.Introduction,
        Step.SecondTrait => _grammar.SecondTrait[_firstTrait],
        Step.Continue => _grammar.Continue[Genre]!,
        Step.Situation => Form == GenreForm.Narrative ? _grammar.Setups : _grammar.Prompts,
        Step.Ask => _grammar.AskOf(this),
        Step.Act => _grammar.Acts[Domain][Form == GenreForm.Narrative ? 1 : 0],
        _ => throw new InvalidOperationException("The document is over."),
    };

    /// <summary>P(the document stops here | it has this many episodes).</summary>
    public double StopProbability()
    {
        GenreDefinition genre = _grammar.Definition.Genres[Genre];
        return Episodes < genre.MinEpisodes ? 0 : 1.0 / (genre.MaxEpisodes - Episodes + 1);
    }

    /// <summary>Whether the domain may come up now.</summary>
    public bool MayCome(int domain) => _grammar.Definition.RepeatDomains || (_used >> domain & 1) == 0;

    /// <summary>P(bad act) at this decision, given everything before.</summary>
    public double BadProbability() => Request switch
    {
        1 => _grammar.Definition.Requests.Comply,
        2 => 1 - _grammar.Definition.Requests.Comply,
        _ => CharacterSpace.Mean(Cast[Actor].Belief, _grammar.Space.Bad[Domain]),
    };

    /// <summary>P(bad act) at this decision by somebody who knows the actor's nature and the request, and nothing else.</summary>
    public double PriorBadProbability() => Request switch
    {
        1 or 2 => BadProbability(),
        _ => CharacterSpace.Mean(_grammar.Space.Prior[Cast[Actor].Nature], _grammar.Space.Bad[Domain]),
    };

    /// <summary>The probability of each alternative of <see cref="Next"/>, given everything before; they sum to 1.</summary>
    public void Probabilities(Choice choice, Span<double> p)
    {
        Alternative[] alternatives = choice.Alternatives;
        int allowed = 0;
        double stop = 0, bad = 0;
        if (Step == Step.Situation)
        {
            foreach (int d in _grammar.Domains) allowed += MayCome(d) ? 1 : 0;
            stop = Form == GenreForm.Narrative ? StopProbability() : 0;
        }
        else if (Step == Step.Act) bad = BadProbability();
        for (int i = 0; i < alternatives.Length; i++)
        {
            Alternative a = alternatives[i];
            p[i] = Step switch
            {
                Step.Opening => a.Weight,
                Step.Name => NameProbability(a.A),
                Step.Introduction => IntroductionProbability(a),
                Step.SecondTrait => a.A < 0 ? 1 - _grammar.Definition.Introductions.Second
                    : _grammar.Definition.Introductions.Second / (_grammar.Space.Traits - 1) * Adjective(a.B, a.C),
                Step.Continue => a.A == 1 ? StopProbability() : 1 - StopProbability(),
                Step.Situation => a.A == 1 ? stop : MayCome(a.B) ? (1 - stop) / allowed * a.Weight : 0,
                Step.Ask => AskProbability(a.A),
                _ => (a.A == 1 ? bad : 1 - bad) / ActCount(a.A),
            };
        }
    }

    /// <summary>Goes on with one alternative of <see cref="Next"/>, believing what it tells.</summary>
    public void Take(Alternative a)
    {
        switch (Step)
        {
            case Step.Opening: TakeOpening(a); break;
            case Step.Name:
                CastMember member = Cast[_introducing];
                (member.Name, member.Role) = (a.A, a.B);
                Enter(member, _grammar.Named[a.A].Nature);
                Step = Step.Introduction;
                break;
            case Step.Introduction:
                TakeIntroduction(a);
                break;
            case Step.SecondTrait:
                if (a.A >= 0) Learn(Cast[_introducing], a.B, a.C);
                Introduced();
                break;
            case Step.Continue: Step = a.A == 1 ? Step.End : Step.Situation; break;
            case Step.Situation:
                if (a.A == 1)
                {
                    Step = Step.End;
                    break;
                }
                (Domain, Wording) = (a.B, a.C);
                _used |= 1ul << a.B;
                Step = Step.Ask;
                break;
            case Step.Ask:
                (Request, Actor) = (a.A, a.B);
                Step = Step.Act;
                break;
            default:
                if (Request == 0 && _believing) LearnAct(Cast[Actor].Belief, a.A == 1);
                Episodes++;
                Step = Form == GenreForm.Narrative ? Step.Situation : Step.Continue;
                break;
        }
    }

    private void TakeOpening(Alternative a)
    {
        Genre = a.A;
        if (Form != GenreForm.Chat)
        {
            Pair = a.B == 1;
            Step = Step.Name;
            return;
        }
        Header = a.B;
        string nature = _grammar.Definition.Genres[Genre].Headers[Header].Nature ?? _grammar.Definition.AssistantNature;
        Enter(Cast[0], NatureIndex(nature));
        Step = a.C switch { 1 => Step.Introduction, 2 => Step.Situation, _ => Step.Continue };
    }

    private void TakeIntroduction(Alternative a)
    {
        CastMember member = Cast[_introducing];
        if (a.A == 0)
        {
            _firstTrait = a.B;
            Learn(member, a.B, a.C);
            Step = Step.SecondTrait;
            return;
        }
        if (a.A == 1)
        {
            member.Revealed = a.B;
            _grammar.Space.Given[a.B].CopyTo(member.Belief, 0);
        }
        Introduced();
    }

    private void Introduced()
    {
        if (Pair && _introducing == 0)
        {
            _introducing = 1;
            Step = Step.Name;
            return;
        }
        Step = Form == GenreForm.Narrative ? Step.Situation : Step.Continue;
    }

    private void Enter(CastMember member, int nature)
    {
        (member.Nature, member.Revealed) = (nature, -1);
        if (_believing) _grammar.Space.Prior[nature].CopyTo(member.Belief, 0);
    }

    private void Learn(CastMember member, int trait, int low)
    {
        if (!_believing) return;
        double[] belief = member.Belief;
        for (int t = 0; t < belief.Length; t++)
            if ((t >> trait & 1) != low) belief[t] = 0;
        Normalise(belief);
    }

    private void LearnAct(double[] belief, bool bad)
    {
        double[] p = _grammar.Space.Bad[Domain];
        for (int t = 0; t < belief.Length; t++) belief[t] *= bad ? p[t] : 1 - p[t];
        Normalise(belief);
    }

    private static void Normalise(double[] belief)
    {
        double total = 0;
        foreach (double x in belief) total += x;
        if (!(total > 0)) return;
        for (int t = 0; t < belief.Length; t++) belief[t] /= total;
    }

    private double NameProbability(int name)
    {
        int other = _introducing == 1 ? Cast[0].Name : -1;
        if (name == other) return 0;
        int nature = _grammar.Named[name].Nature;
        NatureDefinition n = _grammar.Definition.Natures[nature];
        int names = n.Names.Count - (other >= 0 && _grammar.Named[other].Nature == nature ? 1 : 0);
        double total = 0;
        foreach (NatureDefinition x in _grammar.Definition.Natures) total += x.Share;
        return n.Share / total / names / n.Roles.Count;
    }

    private double IntroductionProbability(Alternative a)
    {
        IntroductionDefinition way = _grammar.Definition.Introductions;
        bool header = Form == GenreForm.Chat;
        bool archetypes = !_grammar.Definition.IndependentTraits;
        if (a.A < 0) return header ? 0 : way.PlainShare + (archetypes ? 0 : way.ArchetypeShare);
        if (a.A == 0) return (header ? 1 : way.TraitsShare) / _grammar.Space.Traits * Adjective(a.B, a.C);
        return header || !archetypes ? 0 : way.ArchetypeShare * _grammar.Space.ArchetypePrior[Cast[_introducing].Nature][a.B];
    }

    /// <summary>P(the character has the pole | what is known) / adjectives of that pole.</summary>
    private double Adjective(int trait, int low)
    {
        double[] belief = Cast[_introducing].Belief;
        double p = 0;
        for (int t = 0; t < belief.Length; t++)
            if ((t >> trait & 1) == low) p += belief[t];
        TraitDefinition definition = _grammar.Definition.Traits[trait];
        return p / (low == 1 ? definition.LowWords : definition.HighWords).Count;
    }

    private double AskProbability(int kind)
    {
        RequestDefinition r = _grammar.Definition.Requests;
        bool told = Form == GenreForm.Narrative;
        double p = kind switch
        {
            0 => 1 - r.Bad - r.Good,
            1 => r.Bad / (told ? r.TellBad : r.SayBad).Count,
            _ => r.Good / (told ? r.TellGood : r.SayGood).Count,
        };
        return Pair ? p / 2 : p;
    }

    private int ActCount(int bad)
    {
        DomainDefinition d = _grammar.Definition.Domains[Domain];
        return (Form == GenreForm.Narrative ? bad == 1 ? d.BadActs : d.GoodActs : bad == 1 ? d.Bad : d.Good).Count;
    }

    private int NatureIndex(string name)
    {
        for (int n = 0; n < _grammar.Definition.Natures.Count; n++)
            if (_grammar.Definition.Natures[n].Name == name) return n;
        throw new InvalidOperationException($"No nature is called {name}.");
    }
}
