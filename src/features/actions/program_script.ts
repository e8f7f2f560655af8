// Which argument of a command a program takes for a script: a text that is filled into it would be run
// as code. What is known of programs is a help for the owner and no fence: any program may take its
// arguments for a script.

const SHELL = /^(ba|da|a|z|k|mk|fi|c|tc|r)?sh$/;
const TAKES_COMMAND = /^(-[A-Za-z]*c[A-Za-z]*|--command)$/;
const TAKES_VALUE = /^([-+][A-Za-z]*[oO]|--(rc|init-)file)$/;
const AWK = /^[gmn]?awk$/;
const INTERPRETER = /^((python|perl|ruby|lua|luajit|php)[0-9.]*|node|deno|bun|su|runuser)$/;
const TAKES_SCRIPT = /^(-[A-Za-z]*[ceEr]|--(eval|command|print|run)|eval)$/;

/** Whether what follows these words of a command is a program's script. */
export function isScriptAfter(words: readonly string[]): boolean {
  return words.some((word, at) => {
    const program = word.split("/").at(-1) ?? "";
    const given = words.slice(at + 1);
    if (INTERPRETER.test(program)) return TAKES_SCRIPT.test(given.at(-1) ?? "");
    if (AWK.test(program)) {
      return isOptions(given, /^-[Fv]$/) && !given.some((word) => /^(-f|--file)/.test(word));
    }
    // A shell's script is the first argument that is no option, where -c is among those before it.
    return SHELL.test(program) && isOptions(given, TAKES_VALUE) &&
      given.some((word) => TAKES_COMMAND.test(word));
  });
}

// Whether these words are options alone, with the values of those that take one.
function isOptions(words: readonly string[], takesValue: RegExp): boolean {
  return words.every((word, at) => /^[-+]/.test(word) || takesValue.test(words[at - 1] ?? ""));
}
