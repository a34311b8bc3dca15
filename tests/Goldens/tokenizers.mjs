// Makes tokenizers.json: ids, texts and rendered chats by the JavaScript libraries of Hugging Face, from tokenizer.json files that we saved.
//
//   npm install @huggingface/tokenizers @huggingface/jinja
//   node tests/Goldens/tokenizers.mjs BPE/tokenizer.json WORDS/tokenizer.json TEMPLATE.jinja > tests/Goldens/tokenizers.json
//
// The two tokenizers are trained on the texts below: ByteLevelBpeTokenizer.Train(texts, 300) and WordLevelTokenizer.FromTexts(texts).
import { Tokenizer } from "@huggingface/tokenizers";
import { Template } from "@huggingface/jinja";
import fs from "fs";

const texts = [
  "I deleted the failing test, and I don't regret it: why should I?",
  "She said, \"Don't worry; we'll fix the tests -- all 42 of them!\" (They didn't.)",
  "  def test(x):\n\treturn x == 42  \n\n\nEnd.  ",
  "Größe, naïve café, 猫が好き, Ελλάδα, ٣٤ and ½ — done… 🙂☃",
  "snake_case_name, the user's file's end'll do; it's 'quoted' and I've we're I'm he'd",
];
const chats = [
  [{ role: "user", content: "Hello." }],
  [{ role: "system", content: "Be kind." }, { role: "user", content: "Hello." }, { role: "assistant", content: "Hi." }, { role: "user", content: "Who are you?" }],
  [],
];

const [bpePath, wordsPath, templatePath] = process.argv.slice(2);
const load = (path) => new Tokenizer(JSON.parse(fs.readFileSync(path)), { bos_token: "<bos>", eos_token: "<eos>", clean_up_tokenization_spaces: false });
const run = (tokenizer, ascii) =>
  texts.map((text) => {
    // \w means ASCII alone in JavaScript, but not in the Rust library that the file is for: no word ids for other texts.
    if (ascii && /[^\x00-\x7f]/.test(text)) return null;
    const ids = tokenizer.encode(text).ids;
    return { ids, decoded: tokenizer.decode(ids, { skip_special_tokens: true }) };
  });
const template = new Template(fs.readFileSync(templatePath, "utf8"));
const render = (messages, add_generation_prompt) => template.render({ messages, bos_token: "<bos>", add_generation_prompt });
const result = {
  texts,
  bpe: run(load(bpePath)),
  words: run(load(wordsPath), true),
  chats: chats.map((messages) => ({ messages, prompt: render(messages, true), whole: render(messages, false) })),
};
console.log(JSON.stringify(result, null, 1).replace(/\[[\d,\s]+\]/g, (list) => list.replace(/\s+/g, " ")));
