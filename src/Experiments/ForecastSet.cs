using PersonaSelection.Evidence;
using PersonaSelection.Posterior;

namespace PersonaSelection.Experiments;

/// <summary>What is predicted of one training set before it is trained on, and everything it was predicted from.</summary>
/// <param name="Posterior">From the posterior over personas.</param>
/// <param name="InContext">From showing the episodes in the context.</param>
/// <param name="NoChange">The null that nothing moves.</param>
/// <param name="UniformShift">The null that all domains move alike, by the mean that <paramref name="Posterior"/> predicts.</param>
/// <param name="InContextUniform">The same with the mean that <paramref name="InContext"/> predicts.</param>
/// <param name="Cast">Prior and posterior over personas, each way of putting one before the model on its own.</param>
/// <param name="CastBefore">Who the model takes the Assistant for: the prior over personas.</param>
/// <param name="CastAfter">Who the set says the Assistant is: the posterior over personas.</param>
/// <param name="Dose">The dose of the posterior and how its search ended.</param>
/// <param name="DoseInContext">The same of the forecast in context: how many showings of an episode the set is worth.</param>
/// <param name="Evidence">L[e,h].</param>
public sealed record ForecastSet(Forecast Posterior, Forecast InContext, Forecast NoChange, Forecast UniformShift,
    Forecast InContextUniform, PosteriorTable Cast, PersonaDistribution CastBefore, PersonaDistribution CastAfter, DoseFit Dose,
    DoseFit DoseInContext, EvidenceTable Evidence)
{
    /// <summary>The mean of both, with the range in which what is measured afterwards is expected.</summary>
    public required Forecast Mean { get; init; }

    /// <summary>Episodes that are word for word among the examples of the personas; on those, evidence flatters who learnt them.</summary>
    public long AmongExamples { get; init; }

    /// <summary>What came of holding the evidence against examples of known source; null where there were none, and of a chat model,
    /// whose judge tells of it (<see cref="Asked"/>).</summary>
    public EvidenceCheck? Check { get; init; }

    /// <summary>What was shown in the context, and what of it did not fit.</summary>
    public required InContextTable Shown { get; init; }

    /// <summary>How it was asked of a chat model that gives no probabilities; null where probabilities were exact.</summary>
    public AskedForecast? Asked { get; init; }

    /// <summary>The kind as it is written in files.</summary>
    public static string KindName(ForecastKind kind) => kind switch
    {
        ForecastKind.Posterior => "posterior",
        ForecastKind.InContext => "in-context",
        ForecastKind.Mean => "mean",
        ForecastKind.NoChange => "no-change",
        _ => "uniform-shift",
    };
}

/// <summary>How a forecast was asked of a chat model that gives no probabilities.</summary>
/// <param name="Samples">Answers to each probe after each episode; of the model as it is and every persona
/// <see cref="SampledAnswers.OftenerBefore"/> times as many.</param>
/// <param name="Judged">Different episodes that were judged.</param>
/// <param name="Different">Different episodes that there are.</param>
/// <param name="Answers">Answers to probes.</param>
/// <param name="Unreadable">Those of them that chose neither reply.</param>
/// <param name="Judge">What is known of the judge.</param>
/// <param name="Judgements">What the judge did.</param>
public sealed record AskedForecast(int Samples, int Judged, int Different, long Answers, long Unreadable, JudgementCalibration Judge,
    JudgementReliability Judgements);
