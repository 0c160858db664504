// A cluster plug-in in Go: lists nodes that are not ready. Needs nothing but Go's own library, and is a program of its own:
// build it with any version of Go, for any version of Outrigger.
//
//	CGO_ENABLED=0 go build -o unready_nodes main.go
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  any             `json:"result,omitempty"`
	Error   *failure        `json:"error,omitempty"`
}

type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

type received struct {
	ID     json.RawMessage `json:"id"`
	Method string          `json:"method"`
	Params json.RawMessage `json:"params"`
	Result json.RawMessage `json:"result"`
	Error  *failure        `json:"error"`
}

var (
	lines = bufio.NewReaderSize(os.Stdin, 1<<16)
	out   = json.NewEncoder(os.Stdout)
	asked int
)

func send(m message) {
	m.Version = "2.0"
	if err := out.Encode(m); err != nil {
		os.Exit(1)
	}
}

func receive() received {
	line, err := lines.ReadBytes('\n')
	if err != nil {
		os.Exit(0) // the runner is through with us
	}
	var m received
	if err := json.Unmarshal(line, &m); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	return m
}

// ask asks the runner and waits for its answer.
func ask(method string, params, result any) error {
	asked++
	id, _ := json.Marshal(asked)
	send(message{ID: id, Method: method, Params: params})
	for {
		m := receive()
		if m.Method == "cancel" {
			return errors.New("cancelled")
		}
		if string(m.ID) != string(id) {
			continue
		}
		if m.Error != nil {
			return errors.New(m.Error.Message)
		}
		return json.Unmarshal(m.Result, result)
	}
}

func log(text string) {
	send(message{Method: "log", Params: map[string]string{"level": "info", "text": text}})
}

type nodes struct {
	Status int `json:"status"`
	Body   struct {
		Message string `json:"message"`
		Items   []struct {
			Metadata struct{ Name string }
			Status   struct {
				Conditions []struct{ Type, Status string }
			}
		}
	} `json:"body"`
}

func run() error {
	var list nodes
	if err := ask("kubernetes", map[string]string{"method": "GET", "path": "/api/v1/nodes"}, &list); err != nil {
		return err
	}
	if list.Status != 200 {
		return fmt.Errorf("the API answered %d: %s", list.Status, list.Body.Message)
	}
	for _, node := range list.Body.Items {
		for _, condition := range node.Status.Conditions {
			if condition.Type == "Ready" && condition.Status != "True" {
				log(node.Metadata.Name + " is not ready")
			}
		}
	}
	return nil
}

func answer(m received) (any, error) {
	switch m.Method {
	case "hello":
		return map[string]any{"protocol": 1, "type": "UNREADY_NODES", "validate": false, "undo": false}, nil
	case "run":
		return struct{}{}, run()
	}
	return nil, fmt.Errorf("there is no %s", m.Method)
}

func main() {
	for {
		m := receive()
		if m.ID == nil {
			continue
		}
		if result, err := answer(m); err != nil {
			send(message{ID: m.ID, Error: &failure{Code: 1, Message: err.Error()}})
		} else {
			send(message{ID: m.ID, Result: result})
		}
	}
}
