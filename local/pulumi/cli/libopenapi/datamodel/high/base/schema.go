// Package base has the names of a schema that the CLI compiles with.
package base

import (
	"github.com/pb33f/libopenapi/orderedmap"
	"go.yaml.in/yaml/v4"
)

// Schema has the fields that the CLI prints.
type Schema struct {
	Type                         []string
	AllOf, AnyOf, OneOf          []*SchemaProxy
	Description, Format, Pattern string
	Nullable, ReadOnly           *bool
	Extensions                   *orderedmap.Map[string, *yaml.Node]
	MinLength, MaxLength         *int64
	Minimum, Maximum, MultipleOf *float64
	Default                      *yaml.Node
	Enum                         []*yaml.Node
	Required                     []string
	Properties                   *orderedmap.Map[string, *SchemaProxy]
	Items, AdditionalProperties  *SchemaOrBool
	Discriminator                *Discriminator
}

// GoLow has nothing below.
func (*Schema) GoLow() *Hashed {
	return nil
}

// MarshalJSONInline has nothing to write.
func (*Schema) MarshalJSONInline() ([]byte, error) {
	return nil, nil
}

// Hashed identifies a schema.
type Hashed struct{}

// Hash is 0.
func (*Hashed) Hash() uint64 {
	return 0
}

// SchemaProxy would resolve a reference.
type SchemaProxy struct{}

// Schema is none.
func (*SchemaProxy) Schema() *Schema {
	return nil
}

// SchemaOrBool is neither.
type SchemaOrBool struct {
	A *SchemaProxy
}

// IsA is false.
func (*SchemaOrBool) IsA() bool {
	return false
}

// Discriminator tells the variants of a schema apart.
type Discriminator struct {
	PropertyName string
	Mapping      *orderedmap.Map[string, string]
}
