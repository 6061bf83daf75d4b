package conformance;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.hl7.fhir.exceptions.FHIRException;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.elementmodel.Manager;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.model.CanonicalType;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidatorResourceFetcher;

/** What a reference leads to: another resource of the same set. Nothing is ever fetched from elsewhere. */
final class Neighbours implements IValidatorResourceFetcher {
  private final ThreadLocal<Map<String, String>> set = ThreadLocal.withInitial(Map::of);

  /** From now on this thread judges a resource of this set: "Goal/17" to the resource as JSON. */
  void enter(Map<String, String> resources) {
    set.set(resources);
  }

  @Override
  public Element fetch(IResourceValidator validator, Object context, String url) throws FHIRException, java.io.IOException {
    String json = set.get().get(url);
    if (json == null) {
      return null;
    }
    ByteArrayInputStream bytes = new ByteArrayInputStream(json.getBytes(StandardCharsets.UTF_8));
    return Manager.parseSingle(validator.getContext(), bytes, Manager.FhirFormat.JSON);
  }

  @Override
  public boolean resolveURL(
      IResourceValidator validator, Object context, String path, String url, String type, boolean canonical,
      List<CanonicalType> targets) {
    return true;
  }

  @Override
  public byte[] fetchRaw(IResourceValidator validator, String url) {
    throw new UnsupportedOperationException(url);
  }

  @Override
  public IValidatorResourceFetcher setLocale(Locale locale) {
    return this;
  }

  @Override
  public CanonicalResource fetchCanonicalResource(IResourceValidator validator, Object context, String url) {
    return null;
  }

  @Override
  public boolean fetchesCanonicalResource(IResourceValidator validator, String url) {
    return false;
  }

  @Override
  public Set<ResourceVersionInformation> fetchCanonicalResourceVersions(
      IResourceValidator validator, Object context, String url) {
    return Set.of();
  }
}
