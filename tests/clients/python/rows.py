"""Calls of one Python client at each address, one line of JSON per address.

Usage: rows.py CLIENT '{"key", "chat", "embed", "plain", "gone"}' URL...
"""

import json
import logging
import os
import sys
import warnings

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOG"] = "CRITICAL"
os.environ["LANGSMITH_TRACING"] = "false"
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

MESSAGES = [{"role": "user", "content": "Say one word."}]
PROMPT = "Say one word."
PARAMETERS = {
    "type": "object",
    "properties": {"place": {"type": "string", "description": "Where"}},
    "required": ["place"],
}
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Tells the weather",
        "parameters": PARAMETERS,
    },
}


def ollama_rows(url, names):
    import ollama

    def client(key=names["key"]):
        return ollama.Client(host=url, headers={"Authorization": f"Bearer {key}"})

    def chat(model=names["chat"], **client_args):
        answer = client(**client_args).chat(model=model, messages=MESSAGES)
        return [answer.message.content, answer.prompt_eval_count, answer.eval_count]

    def chat_streamed():
        parts = client().chat(model=names["chat"], messages=MESSAGES, stream=True)
        return [part.message.content for part in parts]

    return {
        "chat": chat,
        "chat streamed": chat_streamed,
        "generate": lambda: client().generate(model=names["chat"], prompt=PROMPT).response,
        "embeddings": lambda: client().embed(model=names["embed"], input=PROMPT).embeddings,
        "older embeddings": lambda: client().embeddings(
            model=names["embed"], prompt=PROMPT).embedding,
        "models": lambda: [model.model for model in client().list().models],
        "loaded": lambda: [model.model for model in client().ps().models],
        "show": lambda: client().show(names["chat"]).capabilities,
        "no tools": lambda: client().chat(
            model=names["plain"], messages=MESSAGES, tools=[TOOL]).message.content,
        "no thinking": lambda: client().chat(
            model=names["plain"], messages=MESSAGES, think=True).message.content,
        "no insert": lambda: client().generate(
            model=names["plain"], prompt="a", suffix="b").response,
        "model gone": lambda: chat(names["gone"]),
        "wrong key": lambda: chat(key="lk_wrong"),
    }


def openai_rows(url, names):
    import openai

    def client(key=names["key"]):
        return openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)

    def chat(model=names["chat"], **client_args):
        answer = client(**client_args).chat.completions.create(model=model, messages=MESSAGES)
        return [answer.choices[0].message.content, answer.usage.total_tokens]

    def chat_streamed():
        parts = client().chat.completions.create(
            model=names["chat"], messages=MESSAGES, stream=True)
        return [part.choices[0].delta.content for part in parts if part.choices]

    def generate():
        return client().completions.create(model=names["chat"], prompt=PROMPT).choices[0].text

    def embeddings():
        answer = client().embeddings.create(model=names["embed"], input=PROMPT)
        return [item.embedding for item in answer.data]

    def response():
        answer = client().responses.create(model=names["chat"], input=PROMPT)
        return [answer.output_text, answer.usage.total_tokens]

    def response_streamed():
        events = client().responses.create(model=names["chat"], input=PROMPT, stream=True)
        return [[event.type, getattr(event, "delta", None)] for event in events]

    def generate_streamed():
        parts = client().completions.create(model=names["chat"], prompt=PROMPT, stream=True)
        return [[part.choices[0].text, part.usage and part.usage.total_tokens] for part in parts]

    return {
        "chat": chat,
        "chat streamed": chat_streamed,
        "generate": generate,
        "embeddings": embeddings,
        "generate streamed": generate_streamed,
        "models": lambda: [model.id for model in client().models.list()],
        "model": lambda: client().models.retrieve(names["chat"]).id,
        "response": response,
        "response streamed": response_streamed,
        "no tools": lambda: client().chat.completions.create(
            model=names["plain"], messages=MESSAGES, tools=[TOOL]).choices[0].message.content,
        "no insert": lambda: client().completions.create(
            model=names["plain"], prompt="a", suffix="b").choices[0].text,
        "model gone": lambda: chat(names["gone"]),
        "wrong key": lambda: chat(key="lk_wrong"),
    }


def anthropic_rows(url, names):
    import anthropic

    def client(key=names["key"]):
        return anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)

    def chat(model=names["chat"], **client_args):
        answer = client(**client_args).messages.create(
            model=model, max_tokens=64, messages=MESSAGES)
        return [answer.content[0].text, answer.usage.input_tokens, answer.usage.output_tokens]

    def chat_streamed():
        with client().messages.stream(
                model=names["chat"], max_tokens=64, messages=MESSAGES) as stream:
            return list(stream.text_stream)

    def no_tools():
        tool = {"name": "weather", "input_schema": PARAMETERS}
        answer = client().messages.create(
            model=names["plain"], max_tokens=64, messages=MESSAGES, tools=[tool])
        return answer.content[0].text

    return {
        "chat": chat,
        "chat streamed": chat_streamed,
        "no tools": no_tools,
        "model gone": lambda: chat(names["gone"]),
        "wrong key": lambda: chat(key="lk_wrong"),
    }


def langchain_rows(url, names):
    from langchain_ollama import ChatOllama, OllamaEmbeddings, OllamaLLM

    def at(model, key=names["key"]):
        headers = {"Authorization": f"Bearer {key}"}
        return {"model": model, "base_url": url, "client_kwargs": {"headers": headers}}

    def chat(model=names["chat"], **at_args):
        answer = ChatOllama(**at(model, **at_args)).invoke(PROMPT)
        return [answer.content, answer.usage_metadata["total_tokens"]]

    def chat_streamed():
        return [part.content for part in ChatOllama(**at(names["chat"])).stream(PROMPT)]

    return {
        "chat": chat,
        "chat streamed": chat_streamed,
        "generate": lambda: OllamaLLM(**at(names["chat"])).invoke(PROMPT),
        "embeddings": lambda: OllamaEmbeddings(**at(names["embed"])).embed_documents([PROMPT]),
        "no tools": lambda: ChatOllama(**at(names["plain"])).bind_tools([TOOL])
        .invoke(PROMPT).content,
        "model gone": lambda: chat(names["gone"]),
        "wrong key": lambda: chat(names["chat"], key="lk_wrong"),
    }


def litellm_rows(url, names):
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False

    def native(key=names["key"]):
        return {"api_base": url, "api_key": key, "num_retries": 0}

    def compatible():
        return {"api_base": f"{url}/v1", "api_key": names["key"], "num_retries": 0}

    def chat(model=names["chat"], **native_args):
        answer = litellm.completion(
            model=f"ollama_chat/{model}", messages=MESSAGES, **native(**native_args))
        return [answer.choices[0].message.content, answer.usage.total_tokens]

    def chat_streamed():
        parts = litellm.completion(
            model=f"ollama_chat/{names['chat']}", messages=MESSAGES, stream=True, **native())
        return "".join(part.choices[0].delta.content or "" for part in parts)

    def generate():
        answer = litellm.text_completion(
            model=f"text-completion-openai/{names['chat']}", prompt=PROMPT, **compatible())
        return answer.choices[0].text

    def embeddings():
        answer = litellm.embedding(
            model=f"openai/{names['embed']}", input=[PROMPT], encoding_format="float",
            **compatible())
        return [item["embedding"] for item in answer.data]

    return {
        "chat": chat,
        "chat streamed": chat_streamed,
        "generate": generate,
        "embeddings": embeddings,
        "model gone": lambda: chat(names["gone"]),
        "wrong key": lambda: chat(key="lk_wrong"),
    }


CLIENTS = {
    "ollama": ollama_rows,
    "openai": openai_rows,
    "anthropic": anthropic_rows,
    "langchain-ollama": langchain_rows,
    "litellm": litellm_rows,
}


def outcome(call):
    try:
        return {"said": call()}
    except Exception as error:  # noqa: BLE001 -- the class is what is looked at
        return {"error": type(error).__name__, "message": str(error)}


def main():
    client, names, *urls = sys.argv[1:]
    for url in urls:
        rows = CLIENTS[client](url, json.loads(names))
        print(json.dumps({name: outcome(call) for name, call in rows.items()}), flush=True)


main()
