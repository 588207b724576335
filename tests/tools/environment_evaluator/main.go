// environment-evaluator opens Pulumi ESC environments with Pulumi's own evaluator, as Pulumi Cloud does: imports are
// merged, later ones over earlier ones. It reads {"open": NAME, "environments": {NAME: TEXT}} from standard input and
// writes the values of that environment as JSON.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/pulumi/esc"
	"github.com/pulumi/esc/eval"
)

type environments map[string]string

func (known environments) LoadEnvironment(_ context.Context, name string) ([]byte, eval.Decrypter, error) {
	text, found := known[name]
	if !found {
		return nil, nil, fmt.Errorf("there is no environment %s", name)
	}
	return []byte(text), nil, nil
}

type noProviders struct{}

func (noProviders) LoadProvider(context.Context, string) (esc.Provider, error) {
	return nil, errors.New("these environments open without a provider")
}

func (noProviders) LoadRotator(context.Context, string) (esc.Rotator, error) {
	return nil, errors.New("these environments open without a rotator")
}

func main() {
	var input struct {
		Open         string
		Environments environments
	}
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		log.Fatalf("standard input: %v", err)
	}
	declared, problems, err := eval.LoadYAMLBytes(input.Open, []byte(input.Environments[input.Open]))
	if err != nil || problems.HasErrors() {
		log.Fatal(err, problems)
	}
	background, err := esc.NewExecContext(nil)
	if err != nil {
		log.Fatal(err)
	}
	opened, problems := eval.EvalEnvironment(
		context.Background(), input.Open, declared, nil, noProviders{}, input.Environments, background)
	if problems.HasErrors() {
		log.Fatal(problems)
	}
	values := map[string]any{}
	for name, value := range opened.Properties {
		values[name] = value.ToJSON(false)
	}
	if err := json.NewEncoder(os.Stdout).Encode(values); err != nil {
		log.Fatal(err)
	}
}
