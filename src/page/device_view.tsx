// The device itself: settings, usage, the security log, and what this page is.

import type { JSX } from "preact";
import { AuditSection } from "./audit_section.tsx";
import { useAnswer, useDevice } from "./page_context.ts";
import { Section, ViewTitle } from "./page_parts.tsx";
import { SettingsSection } from "./settings_section.tsx";
import { UsageSection } from "./usage_section.tsx";

const APP_URL = "https://zaparoo.app/";

/** The view. */
export function DeviceView(): JSX.Element {
  const { store, words } = useDevice();
  const access = store.data.access?.access;
  return (
    <>
      <ViewTitle>{words.device}</ViewTitle>
      <AboutSection />
      {access !== undefined && <SettingsSection access={access} />}
      {access === "localhost" && <UsageSection />}
      {access === "localhost" && <AuditSection />}
      {access === "admin" && <p class="aside">{words.recordsElsewhere}</p>}
    </>
  );
}

function AboutSection(): JSX.Element {
  const { store, served, words } = useDevice();
  const { answer } = useAnswer(
    () => store.call<{ version: string; platform: string }>("version"),
    [store.link.state.step],
  );
  return (
    <Section title={served.deviceName ?? words.about}>
      <dl>
        <dt>{words.version}</dt>
        <dd>{answer?.version.replace(/^latchkey-/, "") ?? "…"}</dd>
        <dt>{words.system}</dt>
        <dd>{answer?.platform ?? "…"}</dd>
        <dt>{words.address}</dt>
        <dd>{location.host}</dd>
      </dl>
      <p>{served.isLocal ? words.isLocal : words.encrypted}</p>
      {!served.isLocal && location.protocol === "http:" && <p class="soft">{words.caveat}</p>}
      {!served.isLocal && <p class="soft">{words.bookmark}</p>}
      <p>
        <a href={APP_URL} rel="noreferrer" target="_blank">{words.getApp}</a>
        <br />
        <small class="soft">{words.getAppText}</small>
      </p>
    </Section>
  );
}
