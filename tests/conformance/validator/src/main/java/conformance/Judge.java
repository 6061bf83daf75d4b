package conformance;

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;
import org.hl7.fhir.utilities.http.ManagedWebAccess;
import org.hl7.fhir.validation.instance.advisor.BasePolicyAdvisorForFullValidation;

/**
 * Judges resources: Judge IN OUT FOLDER... reads IN, one JSON object a line with `set`, `name`, `profiles` and
 * `resource`, and writes to OUT one object for each thing HL7's validator has to say. The folders hold what
 * resources are judged by besides R4. A last line tells how many were judged. It may not use the network.
 */
public final class Judge {
  private static final ObjectMapper JSON =
      new ObjectMapper()
          .setNodeFactory(JsonNodeFactory.withExactBigDecimals(true))
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private final Neighbours neighbours = new Neighbours();
  private final FhirValidator validator;
  private final Map<String, Map<String, String>> sets = new HashMap<>();

  private Judge(List<Path> folders) throws IOException {
    FhirContext fhir = FhirContext.forR4();
    FhirInstanceValidator hl7 = new FhirInstanceValidator(Definitions.of(fhir, folders));
    hl7.setAnyExtensionsAllowed(false);
    hl7.setErrorForUnknownProfiles(true);
    hl7.setBestPracticeWarningLevel(BestPracticeWarningLevel.Warning);
    hl7.setValidatorResourceFetcher(neighbours);
    hl7.setValidatorPolicyAdvisor(
        new BasePolicyAdvisorForFullValidation(ReferenceValidationPolicy.CHECK_TYPE_IF_EXISTS, Set.of()));
    validator = fhir.newValidator().registerValidatorModule(hl7);
  }

  public static void main(String[] arguments) throws IOException {
    ManagedWebAccess.setAccessPolicy(ManagedWebAccess.WebAccessPolicy.PROHIBITED);
    List<Path> paths = Arrays.stream(arguments).map(Path::of).toList();
    Judge judge = new Judge(paths.subList(2, paths.size()));
    List<JsonNode> cases = new ArrayList<>();
    for (String line : Files.readAllLines(paths.get(0))) {
      cases.add(JSON.readTree(line));
    }
    judge.meet(cases);
    List<String> lines = new ArrayList<>();
    IntStream.range(0, cases.size()).parallel().mapToObj(i -> judge.said(i, cases.get(i))).forEachOrdered(lines::addAll);
    lines.add(JSON.createObjectNode().put("judged", cases.size()).toString());
    Files.write(paths.get(1), lines);
  }

  /** Lets the resources of each set find each other. */
  private void meet(List<JsonNode> cases) {
    for (JsonNode one : cases) {
      JsonNode resource = one.get("resource");
      String own = resource.path("resourceType").asText() + "/" + resource.path("id").asText();
      sets.computeIfAbsent(one.get("set").asText(), set -> new HashMap<>()).put(own, resource.toString());
    }
  }

  private List<String> said(int index, JsonNode one) {
    neighbours.enter(sets.get(one.get("set").asText()));
    ValidationOptions options = new ValidationOptions();
    one.get("profiles").forEach(profile -> options.addProfile(profile.asText()));
    List<String> lines = new ArrayList<>();
    for (SingleValidationMessage message : validator.validateWithResult(one.get("resource").toString(), options).getMessages()) {
      lines.add(line(index, one, message));
    }
    return lines;
  }

  private static String line(int index, JsonNode one, SingleValidationMessage message) {
    ObjectNode said = JSON.createObjectNode();
    said.put("index", index).put("set", one.get("set").asText()).put("name", one.get("name").asText());
    said.put("severity", message.getSeverity().getCode()).put("location", message.getLocationString());
    return said.put("id", message.getMessageId()).put("message", message.getMessage()).toString();
  }
}
