// Package v3 has the names of an OpenAPI document that the CLI compiles with.
package v3

import (
	"github.com/pb33f/libopenapi/datamodel/high/base"
	"github.com/pb33f/libopenapi/orderedmap"
	"go.yaml.in/yaml/v4"
)

// Document has the parts that the CLI reads.
type Document struct {
	Info  *struct{ Version string }
	Paths *struct {
		PathItems *orderedmap.Map[string, *PathItem]
	}
	Components *struct {
		Schemas *orderedmap.Map[string, *base.SchemaProxy]
	}
}

// PathItem is what can be called at one path.
type PathItem struct {
	Get, Post, Put, Delete, Patch, Head *Operation
}

// Operation is one call.
type Operation struct {
	OperationId, Summary, Description string
	Tags                              []string
	Parameters                        []*Parameter
	RequestBody                       *struct {
		Content *orderedmap.Map[string, *MediaType]
	}
	Responses  *Responses
	Deprecated *bool
	Extensions *orderedmap.Map[string, *yaml.Node]
}

// Parameter is one of its parameters.
type Parameter struct {
	Name, In, Description string
	Required              *bool
	Schema                *base.SchemaProxy
}

// MediaType is the content of a body.
type MediaType struct {
	Schema *base.SchemaProxy
}

// Responses are its answers, by status.
type Responses struct {
	Codes   *orderedmap.Map[string, *Response]
	Default *Response
}

// Response is one answer.
type Response struct {
	Description string
	Content     *orderedmap.Map[string, *MediaType]
}
