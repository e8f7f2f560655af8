// Calls of Ollama's Go client at each address, one line of JSON per address.
//
// Usage: rows '{"key", "chat", "embed", "plain", "gone"}' URL...
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/ollama/ollama/api"
)

type names struct{ Key, Chat, Embed, Plain, Gone string }

type call struct {
	name string
	make func() (any, error)
}

type outcome struct {
	Said    any    `json:"said,omitempty"`
	Error   string `json:"error,omitempty"`
	Message string `json:"message,omitempty"`
}

// Sends a key with every request: the client itself has no place for one.
type withKey string

func (key withKey) RoundTrip(request *http.Request) (*http.Response, error) {
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+string(key))
	return http.DefaultTransport.RoundTrip(request)
}

const prompt = "Say one word."

func clientAt(base *url.URL, key string) *api.Client {
	return api.NewClient(base, &http.Client{Transport: withKey(key)})
}

func chat(client *api.Client, model string, stream bool) (any, error) {
	words := []string{}
	tokens := 0
	err := client.Chat(context.Background(), &api.ChatRequest{
		Model:    model,
		Messages: []api.Message{{Role: "user", Content: prompt}},
		Stream:   &stream,
	}, func(part api.ChatResponse) error {
		words = append(words, part.Message.Content)
		tokens += part.PromptEvalCount + part.EvalCount
		return nil
	})
	return []any{words, tokens}, err
}

func rows(base *url.URL, n names) map[string]outcome {
	ctx := context.Background()
	client := clientAt(base, n.Key)
	calls := []call{
		{"heartbeat", func() (any, error) { return "alive", client.Heartbeat(ctx) }},
		{"version", func() (any, error) { return client.Version(ctx) }},
		{"chat", func() (any, error) { return chat(client, n.Chat, false) }},
		{"chat streamed", func() (any, error) {
			return chat(client, n.Chat, true)
		}},
		{"generate", func() (any, error) {
			var text strings.Builder
			err := client.Generate(ctx, &api.GenerateRequest{Model: n.Chat, Prompt: prompt},
				func(part api.GenerateResponse) error {
					text.WriteString(part.Response)
					return nil
				})
			return text.String(), err
		}},
		{"embeddings", func() (any, error) {
			answer, err := client.Embed(ctx, &api.EmbedRequest{Model: n.Embed, Input: prompt})
			if err != nil {
				return nil, err
			}
			return answer.Embeddings, nil
		}},
		{"models", func() (any, error) {
			answer, err := client.List(ctx)
			if err != nil {
				return nil, err
			}
			found := []string{}
			for _, model := range answer.Models {
				found = append(found, model.Name)
			}
			return found, nil
		}},
		{"show", func() (any, error) {
			answer, err := client.Show(ctx, &api.ShowRequest{Model: n.Chat})
			if err != nil {
				return nil, err
			}
			return answer.Capabilities, nil
		}},
		{"loaded", func() (any, error) {
			answer, err := client.ListRunning(ctx)
			if err != nil {
				return nil, err
			}
			found := []string{}
			for _, model := range answer.Models {
				found = append(found, model.Name)
			}
			return found, nil
		}},
		{"no tools", func() (any, error) {
			return "", client.Chat(ctx, &api.ChatRequest{
				Model:    n.Plain,
				Messages: []api.Message{{Role: "user", Content: prompt}},
				Tools:    api.Tools{{Type: "function", Function: api.ToolFunction{Name: "weather"}}},
			}, func(api.ChatResponse) error { return nil })
		}},
		{"no thinking", func() (any, error) {
			return "", client.Chat(ctx, &api.ChatRequest{
				Model:    n.Plain,
				Messages: []api.Message{{Role: "user", Content: prompt}},
				Think:    &api.ThinkValue{Value: true},
			}, func(api.ChatResponse) error { return nil })
		}},
		{"no insert", func() (any, error) {
			return "", client.Generate(ctx, &api.GenerateRequest{Model: n.Plain, Prompt: "a", Suffix: "b"},
				func(api.GenerateResponse) error { return nil })
		}},
		{"model gone", func() (any, error) { return chat(client, n.Gone, true) }},
		{"wrong key", func() (any, error) { return chat(clientAt(base, "lk_wrong"), n.Chat, true) }},
	}
	outcomes := map[string]outcome{}
	for _, call := range calls {
		said, err := call.make()
		if err != nil {
			outcomes[call.name] = outcome{Error: strings.TrimPrefix(fmt.Sprintf("%T", err), "api."), Message: err.Error()}
		} else {
			outcomes[call.name] = outcome{Said: said}
		}
	}
	return outcomes
}

func main() {
	var n names
	if err := json.Unmarshal([]byte(os.Args[1]), &n); err != nil {
		panic(err)
	}
	for _, address := range os.Args[2:] {
		base, err := url.Parse(address)
		if err != nil {
			panic(err)
		}
		line, err := json.Marshal(rows(base, n))
		if err != nil {
			panic(err)
		}
		fmt.Println(string(line))
	}
}
