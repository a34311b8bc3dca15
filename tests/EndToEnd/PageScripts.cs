namespace PersonaSelection.Tests.EndToEnd;

/// <summary>Questions to a page; each answers with the offenders.</summary>
internal static class PageScripts
{
    /// <summary>Text of charts that leaves the window to the left or right.</summary>
    public const string TextOutside = """
        () => [...document.querySelectorAll('svg text')].filter(t => {
          const box = t.getBoundingClientRect();
          return box.width > 0 && (box.left < -1 || box.right > document.documentElement.clientWidth + 1);
        }).map(t => t.textContent)
        """;

    /// <summary>Text whose contrast to what lies behind it is below 4.5, by the formula of WCAG 2.</summary>
    public const string FaintText = """
        () => {
          const parse = c => (c.match(/[\d.]+/g) ?? []).map(Number);
          const lum = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
          const behind = e => {
            for (let at = e; at; at = at.parentElement) {
              const c = parse(getComputedStyle(at).backgroundColor);
              if (c.length === 3 || c[3] > 0) return c;
            }
            return [255, 255, 255];
          };
          const own = e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
          const seen = [...document.querySelectorAll('.page *')]
            .filter(e => own(e) && e.getClientRects().length && !e.closest('title,desc,style'));
          if (seen.length < 50) return ['only ' + seen.length + ' texts were found'];
          return seen.filter(e => {
            const style = getComputedStyle(e);
            const text = lum(parse(e instanceof SVGElement ? style.fill : style.color)), ground = lum(behind(e));
            return (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05) < 4.5;
          }).map(e => e.textContent.slice(0, 40) + ' ' + getComputedStyle(e).color);
        }
        """;

    /// <summary>Figures, images and scrolling regions without an accessible name; headings that skip a level.</summary>
    public const string Unnamed = """
        () => {
          const named = e => e.getAttribute('aria-label') || document.getElementById(e.getAttribute('aria-labelledby'))?.textContent;
          const levels = [...document.querySelectorAll('h1,h2,h3,h4')].map(h => Number(h.tagName[1]));
          return [
            ...[...document.querySelectorAll('figure, svg:not([aria-hidden]), [role=region]')]
              .filter(e => !named(e)).map(e => e.outerHTML.slice(0, 80)),
            ...levels.filter((l, i) => i > 0 && l > levels[i - 1] + 1).map(l => 'heading level ' + l),
            ...(document.querySelectorAll('h1').length === 1 ? [] : ['not one h1']),
          ];
        }
        """;
}
