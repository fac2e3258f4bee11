// The editor of a text with a language of its own: CodeMirror, loaded when it is needed.
import { type Completion, type CompletionContext, autocompletion, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { toml } from "@codemirror/legacy-modes/mode/toml";
import { yaml } from "@codemirror/legacy-modes/mode/yaml";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "preact/hooks";

import { yara } from "./yara_language.ts";

/** Something to be told at a place, counted from one. */
export interface Mark { line: number; column: number; severity: "error" | "warning" | "info"; message: string }

/** What may stand at a place: the text of its line before it, and all lines above. */
export type Complete = (before: string, above: string[]) => { from: number; options: Completion[] } | null;

interface Props {
  language: "toml" | "yaml" | "yara"; text: string; set: (text: string) => void; marks: Mark[]; label: string; readOnly: boolean; jump: { line: number } | null;
  complete?: Complete;
}

const LANGUAGES = { toml, yaml, yara };

const colours = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--accent)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.atom], color: "var(--high)" },
  { tag: tags.comment, color: "var(--muted)", fontStyle: "italic" },
  { tag: [tags.heading, tags.keyword, tags.typeName], color: "var(--low)", fontWeight: "600" },
]);

const theme = EditorView.theme({
  "&": { height: "100%", fontSize: "12px", backgroundColor: "var(--panel)", color: "var(--ink)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "18px" },
  ".cm-gutters": { backgroundColor: "var(--ground)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--raised)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "var(--accent-ground)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--ink)", border: "1px solid var(--line)" },
});

export default function Code({ language, text, set, marks, label, readOnly, jump, complete }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(set);
  latest.current = set;
  const completes = useRef(complete);
  completes.current = complete;
  useEffect(() => {
    if (!host.current) return;
    // In a shadow root its styles are constructed, not written into the page: the page's policy allows no inline ones.
    const root = host.current.shadowRoot ?? host.current.attachShadow({ mode: "open" });
    const frame = document.createElement("div");
    frame.style.height = "100%";
    root.replaceChildren(frame);
    const source = (context: CompletionContext) => {
      const line = context.state.doc.lineAt(context.pos);
      const above = context.state.doc.sliceString(0, line.from).split("\n");
      const found = completes.current?.(line.text.slice(0, context.pos - line.from), above);
      return found && (context.explicit || context.pos - line.from > found.from) ? { from: line.from + found.from, options: found.options } : null;
    };
    const editor = new EditorView({
      parent: frame,
      root,
      state: EditorState.create({
        doc: text,
        extensions: [
          lineNumbers(), history(), bracketMatching(), highlightActiveLine(), lintGutter(), StreamLanguage.define(LANGUAGES[language]), syntaxHighlighting(colours), theme,
          autocompletion({ override: [source], icons: false }),
          keymap.of([...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]), EditorState.readOnly.of(readOnly),
          EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
          EditorView.updateListener.of((update) => update.docChanged && latest.current(update.state.doc.toString())),
        ],
      }),
    });
    view.current = editor;
    return () => {
      view.current = null;
      editor.destroy();
    };
  }, [readOnly, language]);
  useEffect(() => {
    const editor = view.current;
    if (!editor || editor.state.doc.toString() === text) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: text } });
  }, [text]);
  useEffect(() => {
    const editor = view.current;
    if (!editor) return;
    const found: Diagnostic[] = marks.map((mark) => {
      const line = editor.state.doc.line(Math.min(Math.max(1, mark.line), editor.state.doc.lines));
      const from = Math.min(line.from + Math.max(0, mark.column - 1), line.to);
      return { from, to: line.to, severity: mark.severity, message: mark.message };
    });
    editor.dispatch(setDiagnostics(editor.state, found));
  }, [marks, text]);
  useEffect(() => {
    const editor = view.current;
    if (!editor || !jump) return;
    const line = editor.state.doc.line(Math.min(Math.max(1, jump.line), editor.state.doc.lines));
    editor.dispatch({ selection: { anchor: line.from }, effects: EditorView.scrollIntoView(line.from, { y: "center" }) });
    editor.focus();
  }, [jump]);
  return <div class="code" ref={host} />;
}
