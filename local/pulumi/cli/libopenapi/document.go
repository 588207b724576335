// Package libopenapi stands in for the reader of OpenAPI documents that the CLI contains for `pulumi api` and
// nothing else. The real one, with what it needs, is a fifth of the CLI's build.
package libopenapi

import (
	"errors"

	v3 "github.com/pb33f/libopenapi/datamodel/high/v3"
)

var errLeftOut = errors.New("this pulumi was built without the commands for Pulumi Cloud's API; install the official one")

// Document would be an OpenAPI document; there is none.
type Document interface {
	BuildV3Model() (*Model, error)
}

// Model would be its content.
type Model struct {
	Model v3.Document
}

// NewDocument always fails.
func NewDocument([]byte) (Document, error) {
	return nil, errLeftOut
}
