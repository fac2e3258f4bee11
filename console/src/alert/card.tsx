// The instruction card of a use case in its five parts, in the reader's language where it exists.
import type { Cards } from "../api/types.ts";
import { language, t } from "../i18n/text.ts";
import { Markdown } from "../ui/markdown.tsx";

export function CardView({ cards }: { cards: Cards | null | undefined }) {
  const card = cards?.[language()] ?? cards?.en ?? cards?.zh;
  if (!card) return <p class="muted">{t("card-none")}</p>;
  const parts: [string, string][] = [
    ["card-facts", card.facts], ["card-trigger", card.trigger], ["card-false-positive", card.false_positive],
    ["card-consequences", card.consequences], ["card-recommendations", card.recommendations],
  ];
  return (
    <article class="card">
      <h3>{card.title}</h3>
      {parts.map(([key, text], place) => text && (
        <section key={key} class={key}>
          <h4><span aria-hidden="true">{place + 1}</span> {t(key)}</h4>
          <Markdown text={text} />
        </section>
      ))}
    </article>
  );
}
