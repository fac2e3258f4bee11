// The signed-in frame: bar, banners, page, palette, help; and the sign-in page in front of it.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { get, post, put, remove, useCsrfToken, whenSignedOut } from "../api/client.ts";
import { Live } from "../api/live.ts";
import { Problem, asProblem } from "../api/problem.ts";
import type { About, Assignee, Customer, Language, Me, Page } from "../api/types.ts";
import { language, preferred, speak } from "../i18n/text.ts";
import { Loading, Failure } from "../ui/states.tsx";
import { Toasts, toastProblem } from "../ui/toast.tsx";
import { Bar } from "./bar.tsx";
import { PlatformBanner } from "../platform/banner.tsx";
import { StaleBanner } from "./banner.tsx";
import { GlobalCommands } from "./global.tsx";
import { Pages } from "./pages.tsx";
import { ShellContext, type Shell } from "./session.ts";
import { SignIn } from "./sign_in.tsx";

type Signed = { kind: "asking" } | { kind: "out" } | { kind: "in"; me: Me } | { kind: "failed"; problem: Problem };

export function App() {
  const [signed, setSigned] = useState<Signed>({ kind: "asking" });
  const [spoken, setSpoken] = useState<Language>(language());
  const [about, setAbout] = useState<About | null>(null);

  const change = async (wanted: Language) => {
    localStorage.setItem("vedette.language", wanted);
    await speak(wanted);
    setSpoken(wanted);
  };
  const enter = async (me: Me) => {
    useCsrfToken(me.csrf_token ?? null);
    if (me.user.language !== language()) await change(me.user.language);
    setSigned({ kind: "in", me });
  };
  const ask = () => {
    get("/session").then(enter, (error: unknown) => {
      const problem = asProblem(error);
      setSigned(problem.code === "unauthenticated" ? { kind: "out" } : { kind: "failed", problem });
    });
    get("/about").then(setAbout, () => {});
  };

  useEffect(() => {
    whenSignedOut(() => {
      useCsrfToken(null);
      setSigned({ kind: "out" });
    });
    ask();
  }, []);

  const setLanguage = (wanted: Language) => {
    change(wanted).catch(toastProblem);
    if (signed.kind !== "in") return;
    put("/session/language", { body: { language: wanted } }).then(
      (user) => setSigned((now) => (now.kind === "in" ? { kind: "in", me: { ...now.me, user } } : now)),
      toastProblem,
    );
  };
  const signOut = () => {
    remove("/session").catch(() => {}).finally(() => {
      useCsrfToken(null);
      setSigned({ kind: "out" });
    });
  };
  const signIn = async (login: string, password: string) => {
    await enter(await post("/session", { body: { login, password } }));
  };

  return (
    <div class="root" key={spoken}>
      {signed.kind === "asking" && <Loading />}
      {signed.kind === "failed" && <Failure problem={signed.problem} retry={ask} />}
      {signed.kind === "out" && <SignIn about={about} signIn={signIn} setLanguage={change} />}
      {signed.kind === "in" && <Frame me={signed.me} about={about} signOut={signOut} setLanguage={setLanguage} />}
      <Toasts />
    </div>
  );
}

interface FrameProps { me: Me; about: About | null; signOut: () => void; setLanguage: (language: Language) => void }

function Frame({ me, about, signOut, setLanguage }: FrameProps) {
  const live = useMemo(() => new Live(me.user.id), [me.user.id]);
  const [customers, setCustomers] = useState<Map<string, Customer> | null>(null);
  const [people, setPeople] = useState(new Map<string, Assignee>());
  const [problem, setProblem] = useState<Problem | null>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  const refresh = () => {
    readAllCustomers().then((all) => {
      setCustomers(new Map(all.map((customer) => [customer.id, customer])));
      setProblem(null);
    }, (error: unknown) => setProblem(asProblem(error)));
    get("/assignees").then(({ items }) => setPeople(new Map(items.map((one) => [one.id, one]))), () => {});
  };

  useEffect(() => {
    refresh();
    const soon = () => {
      clearTimeout(timer.current);
      timer.current = setTimeout(refresh, 500);
    };
    const stops = [
      live.onChange((change) => (change.noun === "customer" || change.noun === "user") && soon()),
      live.onResync(soon),
    ];
    return () => {
      for (const stop of stops) stop();
      clearTimeout(timer.current);
      live.close();
    };
  }, [live]);

  if (!customers) return problem ? <Failure problem={problem} retry={refresh} /> : <Loading />;
  const shell: Shell = { me, live, customers, people, refresh, signOut, setLanguage };
  return (
    <ShellContext.Provider value={shell}>
      <Bar about={about} />
      <StaleBanner live={live} />
      <PlatformBanner />
      <Pages />
      <GlobalCommands />
    </ShellContext.Provider>
  );
}

async function readAllCustomers(): Promise<Customer[]> {
  const all: Customer[] = [];
  let after: string | undefined;
  do {
    const page: Page<Customer> = await get("/customers", { query: { limit: 1000, after } });
    all.push(...page.items);
    after = page.next ?? undefined;
  } while (after);
  return all;
}

export async function prepare(): Promise<void> {
  await speak(preferred());
}
