// Package kubernetes stands in for the package of Pulumi's Go SDK: the provider needs this one name of it.
package kubernetes

import "reflect"

// UntypedArgs holds the properties of a resource without a Go type of its own.
type UntypedArgs map[string]any

// ElementType makes it a Pulumi input.
func (UntypedArgs) ElementType() reflect.Type {
	return reflect.TypeFor[map[string]any]()
}
