// template-decoder decodes pod templates as the controller of MATLAB Parallel Server does: strictly, and with the
// types of the Kubernetes release that the controller was built with. It reads a JSON list of texts from standard
// input and writes a JSON list with one answer each: an empty text, or why the controller would reject the template.
package main

import (
	"encoding/json"
	"log"
	"os"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

func main() {
	var templates []string
	if err := json.NewDecoder(os.Stdin).Decode(&templates); err != nil {
		log.Fatalf("standard input is no JSON list of texts: %v", err)
	}
	answers := make([]string, len(templates))
	for index, text := range templates {
		if err := yaml.UnmarshalStrict([]byte(text), &corev1.PodTemplateSpec{}); err != nil {
			answers[index] = err.Error()
		}
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}
