"""Makes jinja.json: templates and what Jinja2 renders them to, in the environment that transformers gives chat templates.

    pip install jinja2==3.1.6
    python3 tests/Goldens/jinja.py > tests/Goldens/jinja.json

Every template here is our own. A case holds its template, its variables (by name, from the table), and the text, or `refused` (what the template
said), or `error` where Jinja2 or Python fails.
"""
import datetime
import json
import sys

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

NOW = datetime.datetime(2026, 3, 7, 9, 5, 3)


class Refused(TemplateError):
    pass


class Generation(Extension):
    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

    def _body(self, caller):
        return caller()


def refuse(message):
    raise Refused(message)


def to_json(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
    return json.dumps(x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols])
environment.filters["tojson"] = to_json
environment.globals["raise_exception"] = refuse
environment.globals["strftime_now"] = NOW.strftime

VALUES = {
    "s": " Ab c-d ", "t": "é🙂x", "e": "", "n": 3, "m": -7, "f": 2.5, "big": 1e20, "yes": True, "no": False, "nil": None,
    "l": [3, 1, 2], "w": ["b", "A", "c", "a"], "mix": [1, "a", None, True, 2.5, [1, {"k": "v"}]], "d": {"b": 1, "a": "x", "items": 5, "C": None},
    "q": "it's \"q\"\n\t\\\u200b", "lines": "a\r\nb\n\nc\u2028d", "pairs": [[1, 2], [3, 4]],
    "ms": [{"role": "user", "content": "hi", "n": 2}, {"role": "assistant", "content": None, "n": 1}, {"role": "user", "content": "yo "}],
    "deep": {"a": {"b": [{"c": "found"}]}},
}

EXPRESSIONS = """
1 + 2 * 3 ** 2
7 // 2, -7 // 2, 7 % 3, -7 % 3, 7 / 2, 2 ** -1, 2.0 ** 3
-7.5 // 2, -7.5 % 2, 7.5 % -2, 1e20 + 1, 0.1 + 0.2
1e16, 1e15, 123456789.125, 1e-4, 1e-5, -0.0, 5e-324, 1.7976931348623157e308
9223372036854775807, 0x1f, 0b101, 0o17, 1_000
'a' + 'b', 'ab' * 3, [1] * 2, [1] + [2], (1,) + (2,)
'a' ~ 1 ~ none ~ 2.0 ~ true ~ undef ~ [1, 'x']
1 < 2 < 3, 1 < 2 > 3, 1 == 1.0 == true, 'a' < 'b', [1, 2] < [1, 3], '\\ue000' < '🙂'
'b' in 'abc', 1 in l, 9 not in l, 'a' in d, none in mix, undef in d, not 'x' in e
0 or 'x', '' and 'y', 1 and 2, none or undef or 5, not 0
'yes' if n > 2 else 'no', ('shown' if no), 1 if no else 2 if no else 3
nil is none, undef is defined, undef is undefined, s is string, n is number, yes is number, n is integer, yes is integer, f is float
d is mapping, l is sequence, s is sequence, d is sequence, undef is sequence, nil is iterable, undef is iterable, range is callable
3 is odd, 4 is even, 9 is divisibleby 3, 'a' is in w, 1 is eq 1, 1 is ne(2), 2 is gt 1, 2 is le 1, yes is sameas true, 'ab' is lower
n is not none and n is not string
l is equalto [3, 1, 2], 'x' is not equalto 'y'
l[0], l[-1], l[9], l[1:], l[::-1], l[:-1], l[5:1], l[-2:9:2], mix[5][1].k
t[1], t[::-1], t|length, t[:2], t.find('x'), t|list, 'a🙂b'.split('🙂'), t[-1]
d.b, d['a'], d.items is callable, d['items'], d.missing, d.get('missing'), d.get('missing', 1), d['keys']()|length
deep.a.b[0].c, deep['a']['b'].0.c, deep.x, deep.a.b[5]
s|trim, s|upper, s|lower, 'hello wOrld it-is (so)'|title, 'hELLO'|capitalize, s.title(), 'x1y z'.title()
s.strip(), s.lstrip(), s.rstrip(), 'xxaxx'.strip('x'), '🙂a🙂'.strip('🙂'), 'abc'.lstrip('ab')
'a b  c'.split(), ' a b c '.split(None, 1), 'a,b,c'.split(','), 'a,b,c'.split(',', 1), 'a,b,c'.rsplit(',', 1), ' a b c '.rsplit(None, 1), ''.split(), ''.split('x')
lines.splitlines(), lines.splitlines(true), 'abc'.startswith('ab'), 'abc'.endswith(('x', 'c')), 'aXbX'.replace('X', '-', 1), 'ab'.replace('', '.')
', '.join(w), 'abcabc'.find('c'), 'abc'.find('z'), 'aaa'.count('a'), 'a{}b{x}{{}}{0}'.format(1, x=2) if no else 'skipped'
'{} and {}'.format(1, 'x'), '{0}{1}{0}'.format('a', 'b'), '{k}'.format(k=[1])
w|join('-'), ms|join(',', attribute='role'), l|first, l|last, []|first, l|length, d|length, d|list, t|count
undef|default('D'), e|default('D'), e|default('D', true), nil|d('D'), nil|d('D', boolean=true)
w|sort, w|sort(reverse=true), w|sort(case_sensitive=true), ms|sort(attribute='role')|map(attribute='role')|list, l|min, l|max, w|max, l|sum, ms[:2]|sum(attribute='n')
['a', 'A', 'b', 1, 1.0, true]|unique|list, l|reverse|list, s|reverse, d|dictsort, d|items|list, {'b': 1, 'a': 2}|dictsort(by='value')
ms|map(attribute='content')|list, ms|map(attribute='n', default=0)|list, w|map('upper')|join, ['1', '2']|map('int')|sum
mix|select('string')|list, mix|reject('none')|list|length, [0, 1, '']|select|list, ms|selectattr('content')|list|length, ms|rejectattr('role', 'equalto', 'user')|list
ms|selectattr('n', 'defined')|list|length, ms|selectattr('role', 'eq', 'user')|first, nil|selectattr('x')|list
'12'|int, '12.7'|int, 'x'|int, 'x'|int(5), ' 3 '|int, '1_0'|int, f|int, '2.5'|float, 'x'|float, '1e3'|float
-5|abs, m|abs, 2.5|round, 3.5|round, 2.675|round(2), 0.125|round(2), 7|round, 2.1|round(method='ceil'), 2.9|round(0, 'floor'), 1234.5|round(-2)
'a\\nb\\n\\nc'|indent, 'a\\nb'|indent(2, true), 'a\\n\\nb'|indent(1, blank=true), l|batch(2)|list, l|batch(2, 'x')|list
'<a & "b">'|e, ('<b>'|safe) ~ '<c>', s|safe|length, 5|string ~ 5
d|tojson, mix|tojson, q|tojson, t|tojson, t|tojson(ensure_ascii=true), []|tojson, {}|tojson, big|tojson, {1: 2, none: true, 2.5: ()}|tojson
d|tojson(indent=2)
mix|tojson(indent=4, separators=(', ', ' : '))
{'b': 1, 'a': [{}]}|tojson(sort_keys=true, separators=(',', ':'))
mix, d, q, [q], ('x',), (), [], {}, [undef], [nil, yes], ['it\\'s'], {'k': (1, 2.0)}
d.keys(), d.values(), d.items()
range(3)|list, range(1, 7, 2)|list, range(5, 0, -2)|list, range(0)|list, range(3)|length, 2 in range(3), range(9)[-1], range(9)[2:4]|list
dict(a=1, b='x'), dict({'q': 1}, z=2), dict([('k', 'v')]), namespace(x=1).x, namespace({'y': 2}).y, namespace().z
"double 'quotes'", 'single "quotes"', 'a' 'b', '\\x41\\u00e9\\U0001f642\\101\\q\\\\', 'tab\\tend'
(l|select('gt', 1)) is iterable, (l|select('gt', 9)) is string, 'y' if l|select('gt', 9) else 'n'
strftime_now('%d %b %Y'), strftime_now('%Y-%m-%d %H:%M:%S %A %B %a %j %y %I %p %% %-d %e %F %T')
1 if undef else 2
nil.x, nil['x'], n.x, l.x, l['x'], d[l] is defined, ms.0.role
l.index(1), l.count(3), w.index('c')
undef.x
undef['x']
undef()
undef + 1
1 + 'a'
'a' + 1
nil + 'a'
1 / 0
l.append(4)
d.update({'x': 1})
d.pop('b')
l.index(99)
nil|length
(l|map('string'))|length
n in 5
1 < 'a'
'a' % undef.x
s.nothing()
s.__class__
s.__class__.__mro__
''.__class__ is defined
1 in 'abc'
l['a':]
{[]: 1}
for
1 +
(1
{'a' 1}
x | nothing
x is nothing
a..b
'open
1 is 2
{{ 1 }}
raise_exception('no ' ~ n ~ ' turns')
range(1000000)|length
""".strip().split("\n")

STATEMENTS = [
    "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.revindex }}{{ loop.revindex0 }}"
    "{{ loop.previtem }}{{ loop.nextitem }}{{ loop.cycle('p', 'q') }}{{ loop.changed(x > 1) }};{% endfor %}",
    "{% for a, b in pairs %}{{ a }}={{ b }};{% endfor %}{% for k, v in d.items() %}{{ k }}:{{ v }};{% endfor %}{% for k in d %}{{ k }}{% endfor %}",
    "{% for a in pairs if a[0] > 1 %}{{ loop.index }}/{{ loop.length }}{{ a }}{% else %}none{% endfor %}",
    "{% for a in [] %}x{% else %}none{% endfor %}{% for a in undef %}x{% else %}nothing{% endfor %}{% for c in t %}[{{ c }}]{% endfor %}",
    "{% for x in l %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% if loop.last %}{% break %}{% endif %}{% else %}E{% endfor %}",
    "{% for x in l %}{% break %}{% else %}E{% endfor %}{% for x in l %}{% for y in l %}{% if y == 1 %}{% break %}{% endif %}{{ x }}{{ y }} {% endfor %}{% endfor %}",
    "{% set x = 0 %}{% for i in l %}{% set x = x + i %}{{ x }},{% endfor %}{{ x }}",
    "{% set ns = namespace(x=0, seen=[]) %}{% for i in l %}{% set ns.x = ns.x + i %}{% set ns.seen = ns.seen + [i] %}{% endfor %}{{ ns.x }}{{ ns.seen }}",
    "{% for i in l %}{% if loop.first %}{% set y = 'first' %}{% endif %}[{{ y }}]{% endfor %}{{ y }}",
    "{% for i in l %}{{ n }}{% endfor %}{% set n = 5 %}{{ n }}",
    "{{ n }}{% for i in l %}{{ n }}{% endfor %}{% set n = 5 %}{{ n }}",
    "{% if no %}{% set n = 5 %}{% endif %}{% for i in l %}{{ n }}{% endfor %}{% set n = n + 1 %}{{ n }}",
    "{% set a, b = pairs[0] %}{{ a }}{{ b }}{% set a = b, a %}{{ a }}{% set (a, b) = 'xy' %}{{ a }}{{ b }}",
    "{% set x %}  <{{ n }}>\n{% endset %}[{{ x }}]{% set x | trim | upper %} a{{ n }}b {% endset %}[{{ x }}]",
    "{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, 3) }}|{{ m(c=9, a=8) }}|{{ m() }}|{{ m(1, 2, 3) }}",
    "{% macro m(k) %}{{ k }}{% if k > 0 %}{{ m(k - 1) }}{% endif %}{% endmacro %}{{ m(5) }}{% set text = m(2) | upper %}{{ text|length }}",
    "{% macro m() %}{{ late }}{% endmacro %}{% set late = 'set' %}{{ m() }}{% macro n() %}{{ l }}{% set l = 1 %}{{ l }}{% endmacro %}{{ n() }}{{ l }}",
    "{% macro box(t) %}<{{ t }}>{{ caller('in') }}</{{ t }}>{% endmacro %}{% call(x) box('b') %}{{ x }}{{ n }}{% endcall %}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(b=2) }}",
    "{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ m(*[1, 2]) }}{{ m(**{'a': 3, 'b': 4}) }}{{ m(5, **{'b': 6}) }}",
    "{% filter upper | replace('B', '[b]') %}a{{ 'b' }}c{% endfilter %}{% with n = 5, k = n %}{{ n }}{{ k }}{% endwith %}{{ n }}",
    "a {% generation %}b{{ n }}{% set n = 9 %}{{ n }}{% endgeneration %} c{{ n }}",
    "{% if no %}a{% elif n == 3 %}b{% else %}c{% endif %}{% if undef %}a{% endif %}{% if not undef and e is defined %}d{% endif %}",
    "{% raw %}{{ n }} {% if %}{% endraw %}|{%- raw -%} {{ x }} {%- endraw -%} |",
    "a\n  {% if yes %}\n  b\n  {% endif %}\n  c {% if yes %} d {% endif %}\n{# note #}\n  {# note #}\ne\n\n",
    "a \n {%- if yes -%} \n b \n {%- endif -%} \n c",
    "a\n  {%+ if yes +%}\n b {{- n -}} \n {{ n }}\n{% endif %}\n{#- x -#}\n d",
    "a\r\nb\rc\n{{ 'x\r\ny' }}\r\n",
    "{{ n }}\n{{ n }}\n\n",
    "{{ {'a': {'b': 1}} }}{{ {'a': {'b': {}}}['a']['b'] }}{{ '}}' }}{{ '%}' }}",
    "{% set n.x = 1 %}",
    "{% set a, b = l %}",
    "{% if %}x{% endif %}",
    "{% if yes %}x",
    "{% endif %}",
    "{% for x in l %}{% endif %}{% endfor %}",
    "{% break %}",
    "{{ n",
    "{# open",
    "{% nothing %}",
    "{% for x in n %}{% endfor %}",
    "{% set true = 1 %}",
    "{{ 1 }} {{ raise_exception('Only two roles, please') }}",
]

CHATML = ("{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n' }}{% endfor %}"
          "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}")

CHATML_DEFAULT = """{%- if messages and messages[0].role == 'system' %}
    {%- set first = messages[0].content | trim %}
    {%- set rest = messages[1:] %}
{%- else %}
    {%- set first = 'Nobody said who to be.' %}
    {%- set rest = messages %}
{%- endif %}
{{- '<|im_start|>system\\n' ~ first ~ '<|im_end|>\\n' }}
{%- for m in rest %}
    {%- if m.role == 'assistant' and '</think>' in m.content %}
        {%- set text = m.content.split('</think>')[-1].lstrip('\\n') %}
    {%- else %}
        {%- set text = m.content %}
    {%- endif %}
    {{- '<|im_start|>' ~ m.role ~ '\\n' }}
    {%- generation %}{{ text }}<|im_end|>{% endgeneration %}
    {{- '\\n' }}
{%- endfor %}
{%- if add_generation_prompt -%}
    {{- '<|im_start|>assistant\\n' -}}
{%- endif -%}
"""

HEADERS = """{{- bos_token }}
{%- if not date_string is defined %}
    {%- set date_string = strftime_now("%d %b %Y") %}
{%- endif %}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\nToday: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- for message in messages %}
    {%- if tools is defined and tools is not none and loop.first %}
        {{- tools | tojson(indent=4) }}
    {%- endif %}
    {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
"""

INST = """{{ bos_token }}{% if messages and messages[0]['role'] == 'system' %}{% set head = '<<SYS>>\\n' + messages[0]['content'] + '\\n<</SYS>>\\n\\n' %}
{% set turns = messages[1:] %}{% else %}{% set head = '' %}{% set turns = messages %}{% endif %}
{% for turn in turns %}
  {%- if (turn['role'] == 'user') != (loop.index0 % 2 == 0) %}
    {{- raise_exception('Turns must go user, assistant, user, assistant ...') }}
  {%- endif %}
  {%- if turn['role'] == 'user' %}
    {{- '[INST] ' + (head if loop.first else '') + turn['content'].strip() + ' [/INST]' }}
  {%- elif turn['role'] == 'assistant' %}
    {{- ' ' + turn['content'] | trim + ' ' + eos_token }}
  {%- else %}
    {{- raise_exception('No role ' ~ turn['role']) }}
  {%- endif %}
{%- endfor %}"""

ZEPHYR = """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}"""

DISTILL = """{% if not add_generation_prompt is defined %}{% set add_generation_prompt = false %}{% endif %}{% set ns = namespace(system='', turns=0) %}
{%- for message in messages %}{%- if message['role'] == 'system' %}{% set ns.system = message['content'] %}{%- endif %}{%- endfor %}
{{- bos_token }}{{ ns.system }}
{%- for message in messages if message.role != 'system' -%}
{%- set ns.turns = ns.turns + 1 -%}
{{ '<｜' ~ message.role | capitalize ~ '｜>' ~ message.content.split('</think>') | last }}{% if message.role == 'assistant' %}{{ eos_token }}{% endif %}
{%- endfor -%}
{% if add_generation_prompt and ns.turns is odd %}{{ '<｜Assistant｜>' }}{% endif %}"""


def said(*turns):
    return [{"role": {"s": "system", "u": "user", "a": "assistant"}[role], "content": text} for role, text in turns]


ODD = "  Grüße 🙂 猫 {{ braces }} {% if %} {# c #} \"q\" 'it' \\n <b>&amp;\n\n end  "
DIALOGUES = {
    "one": said(("u", "Hello")),
    "system": said(("s", " Be kind. "), ("u", "Hello")),
    "turns": said(("s", "Be kind."), ("u", "Hello"), ("a", " Hi.\n"), ("u", "Who are you?")),
    "whole": said(("u", "a"), ("a", "<think>\nhm\n</think>\n\nb")),
    "odd": said(("s", ODD), ("u", ODD), ("a", ODD), ("u", "")),
    "twoUsers": said(("u", "a"), ("u", "b")),
    "stranger": [{"role": "narrator", "content": "x"}],
    "none": [],
}


def outcome(template, variables):
    try:
        return {"text": environment.from_string(template).render(**variables)}
    except Refused as refusal:
        return {"refused": refusal.message}
    except Exception:  # what kind of error it is in Python says nothing to us
        return {"error": True}


small = [{"template": t, **outcome(t, VALUES)} for t in ["{{ " + e + " }}" for e in EXPRESSIONS] + STATEMENTS]
chats = []
for template in (CHATML, CHATML_DEFAULT, HEADERS, INST, ZEPHYR, DISTILL):
    renders = []
    for name, messages in DIALOGUES.items():
        for prompt in (True, False):
            given = {"messages": messages, "add_generation_prompt": prompt, "bos_token": "<s>", "eos_token": "</s>"}
            renders.append({"dialogue": name, "prompt": prompt, **outcome(template, given)})
    chats.append({"template": template, "renders": renders})
json.dump({"values": VALUES, "small": small, "dialogues": DIALOGUES, "chats": chats}, sys.stdout, indent=1, ensure_ascii=True)
print()
