package conformance;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.instance.model.api.IBaseResource;
import org.hl7.fhir.r4.model.CodeSystem;
import org.hl7.fhir.r4.model.StructureDefinition;
import org.hl7.fhir.r4.model.ValueSet;

/**
 * What the resources are judged by: R4 itself, as HAPI carries it, and the profiles, code systems and value sets
 * in the given folders. Everything lies on this disk; no terminology server is ever asked.
 */
final class Definitions {
  private Definitions() {}

  static IValidationSupport of(FhirContext fhir, List<Path> folders) throws IOException {
    PrePopulatedValidationSupport own = new PrePopulatedValidationSupport(fhir);
    for (Path folder : folders) {
      load(fhir, folder, own);
    }
    return new ValidationSupportChain(
        own,
        new DefaultProfileValidationSupport(fhir),
        new CommonCodeSystemsTerminologyService(fhir),
        new InMemoryTerminologyServerValidationSupport(fhir),
        new SnapshotGeneratingValidationSupport(fhir));
  }

  private static void load(FhirContext fhir, Path folder, PrePopulatedValidationSupport own) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        IBaseResource resource = read(fhir, file);
        if (resource instanceof StructureDefinition
            || resource instanceof CodeSystem
            || resource instanceof ValueSet) {
          own.addResource(resource);
        }
      }
    }
  }

  /** The resource in a file; null where it holds none. */
  private static IBaseResource read(FhirContext fhir, Path file) throws IOException {
    String name = file.getFileName().toString();
    if (name.endsWith(".xml")) {
      String text = Files.readString(file);
      return text.contains("\"http://hl7.org/fhir\"") ? fhir.newXmlParser().parseResource(text) : null;
    }
    if (name.endsWith(".json")) {
      String text = Files.readString(file);
      return text.contains("\"resourceType\"") ? fhir.newJsonParser().parseResource(text) : null;
    }
    return null;
  }
}
