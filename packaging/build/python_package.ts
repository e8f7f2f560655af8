// `deno task build:python`: the Python client as a wheel and as its source, in dist/python or the
// folder that is named. Needs python3 with venv; the tools are those of
// clients/python/requirements.txt.

import { BuildError, readVersion, ROOT, runScript } from "./deno.ts";
import { isThere, makeVenv, type PythonVenv, pythonVenv, runTool } from "./python_venv.ts";
import { sourceTimeS } from "./source_time.ts";

/** The folder of the Python client. */
export const PYTHON_CLIENT = `${ROOT}clients/python`;

/** The environment of the Python client, with the tools that build and check it. */
export async function pythonClientVenv(): Promise<PythonVenv> {
  return await pythonVenv(`${PYTHON_CLIENT}/requirements.txt`, { name: "latchkey-python" });
}

/** Makes that environment where it is not there. */
export async function preparePythonClient(): Promise<PythonVenv> {
  const venv = await pythonClientVenv();
  await makeVenv(venv, {
    requirements: `${PYTHON_CLIENT}/requirements.txt`,
    keepsWheels: true,
  });
  return venv;
}

/** Builds into a folder; the names of the two files. The same commit gives the same bytes. */
export async function buildPython(folder: string): Promise<readonly string[]> {
  const { python } = await preparePythonClient();
  const version = await readVersion();
  const names = [
    `latchkey_client-${version}.tar.gz`,
    `latchkey_client-${version}-py3-none-any.whl`,
  ];
  await Deno.mkdir(folder, { recursive: true });
  await runTool([python, "-m", "build", "--no-isolation", "--outdir", folder, PYTHON_CLIENT], {
    env: { SOURCE_DATE_EPOCH: `${await sourceTimeS()}` },
  });
  for (const name of names) {
    if (await isThere(`${folder}/${name}`)) continue;
    throw new BuildError(`clients/python/pyproject.toml has another version: no ${name}`);
  }
  return names;
}

if (import.meta.main) {
  await runScript(async () => {
    const [folder = `${ROOT}dist/python`] = Deno.args;
    const names = await buildPython(folder);
    const lines = names.map((name) => `${folder}/${name}\n`).join("");
    await Deno.stdout.write(new TextEncoder().encode(lines));
  });
}
